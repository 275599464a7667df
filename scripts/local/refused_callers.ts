// The refusals of callers that the development server does not know, and how the developer hears of
// them: a page's own error is only "blocked by CORS policy".
import type { IncomingHttpHeaders } from "node:http";
import { isAllowedHost, isAllowedOrigin } from "./callers.mjs";
import type { ProblemFacts } from "./problem.ts";
import type { AllowedCallers } from "./settings.ts";

const FORBIDDEN = { status: 403, code: "forbidden", title: "Forbidden", isHiddenFromPages: true };
const MOST_CHARACTERS = 100;
const MOST_LINES = 10;

/** The answer for a caller that is neither of this machine nor named by the developer; undefined for others. */
export function refusalOf(headers: IncomingHttpHeaders, callers: AllowedCallers): ProblemFacts | undefined {
  const { host, origin } = headers;
  if (!isAllowedHost(host, callers)) {
    const detail =
      `The development server does not answer to the host ${shown(host)}: call localhost or 127.0.0.1. A tunnel's name ` +
      "is allowed by ./scripts/dev --allow-host NAME.";
    return { ...FORBIDDEN, detail };
  }
  if (!isAllowedOrigin(origin, callers)) {
    const detail =
      `Pages of the origin ${shown(origin)} may not call the development server, because calls spend the ` +
      "developer's keys. Serve the page from localhost, or name its origin in FABULA_ALLOWED_ORIGINS.";
    return { ...FORBIDDEN, detail };
  }
  return undefined;
}

/** Prints each refusal once, and no more than ten, however many names a caller tries. */
export function refusalPrinter(print: (line: string) => void): (detail: string) => void {
  const printed = new Set<string>();
  return (detail) => {
    if (printed.has(detail) || printed.size === MOST_LINES) return;
    printed.add(detail);
    print(`refused a request: ${detail}`);
  };
}

// A header can hold anything, also a terminal's control characters.
function shown(value = ""): string {
  return `"${value.replace(/[^!-~]/g, "?").slice(0, MOST_CHARACTERS)}"`;
}
