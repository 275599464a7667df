// The pages of the development server, for chatting and for live conversations: a few files, read again
// for each request so that an edit needs only a reload.
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { sendProblem } from "./problem.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};
const NAMES = [
  ...["page.js", "chat.js", "conversation.js", "dossier.js", "view.js", "page.css"],
  ...["realtime.js", "realtime_socket.js", "realtime_session.js", "realtime_view.js", "realtime.css"],
];
const FILES = new Map([
  ["/", "index.html"],
  ["/realtime", "realtime.html"],
  ...NAMES.map((name): [string, string] => [`/${name}`, name]),
]);

// Only this origin, and no inline script: a model's text can never become code.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export async function sendPage(
  folder: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = FILES.get(path);
  if (!name) {
    const detail = "Here are /, /realtime, /functions/v1/, /rest/v1/, /auth/v1/ and /storage/v1/.";
    sendProblem(response, { status: 404, code: "not_found", title: "Not found", detail }, path);
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    const problem = {
      status: 405,
      code: "method_not_allowed",
      title: "Method not allowed",
      detail: "This path takes GET and HEAD.",
      headers: { Allow: "GET, HEAD" },
    };
    sendProblem(response, problem, path);
    return;
  }
  const body = await readFile(join(folder, name)).catch(() => undefined);
  if (!body) {
    const detail = `${name} cannot be read from ${folder}.`;
    const problem = { status: 500, code: "internal_error", title: "Internal error", detail };
    sendProblem(response, problem, path);
    return;
  }
  response.writeHead(200, {
    "Content-Type": TYPES[name.replace(/^.*\./, "")],
    "Access-Control-Allow-Origin": "*",
    "Content-Length": body.byteLength,
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
