// All pages that the server admits (refused_callers.ts) may call its own answers and the embedded
// Supabase, as they may call Supabase (the Fetch standard, section "HTTP CORS protocol"), and the functions.
import type { IncomingMessage, ServerResponse } from "node:http";

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const MAXIMUM_AGE_SECONDS = "7200";

/** The headers that every answer to a page needs. */
export const SHARED_WITH_ALL: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "*",
};

/** Whether a browser asks if the real request may follow. */
export function isPreflight(request: IncomingMessage): boolean {
  return (
    request.method === "OPTIONS" &&
    request.headers["access-control-request-method"] !== undefined
  );
}

/** Allows every header that the page asks for, including a tracer's. */
export function allowAll(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers["access-control-request-headers"];
  response.writeHead(204, {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": METHODS,
    ...(asked && { "Access-Control-Allow-Headers": asked }),
    "Access-Control-Max-Age": MAXIMUM_AGE_SECONDS,
    Vary: "Access-Control-Request-Headers",
  });
  response.end();
}

/** The headers of an answer for pages of any origin, whatever it said about that itself. */
export function sharedWithAll(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = "", value = ""] = rawHeaders.slice(i, i + 2);
    if (!/^access-control-/i.test(name)) kept.push(name, value);
  }
  return [...kept, ...Object.entries(SHARED_WITH_ALL).flat()];
}
