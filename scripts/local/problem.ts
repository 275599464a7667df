// Errors of the development server itself, in the format of all errors of Fabula: RFC 9457
// problem+json.
import { STATUS_CODES, type ServerResponse } from "node:http";
import { SHARED_WITH_ALL } from "./cross_origin.ts";

export interface ProblemFacts {
  status: number;
  /** One of the codes of shared/result/error_code.cpp. */
  code: string;
  title: string;
  /** What the caller can do. */
  detail: string;
  headers?: Record<string, string>;
  /** No page may read it. */
  isHiddenFromPages?: boolean;
}

function problemBody(problem: ProblemFacts, instance: string): string {
  const { status, code, title, detail } = problem;
  return JSON.stringify({ type: "about:blank", title, status, detail, instance, code });
}

function problemHeaders(problem: ProblemFacts, body: string): Record<string, string> {
  return {
    "Content-Type": "application/problem+json",
    "Content-Length": String(Buffer.byteLength(body)),
    "Cache-Control": "no-store",
    ...(!problem.isHiddenFromPages && SHARED_WITH_ALL),
    ...problem.headers,
  };
}

export function sendProblem(
  response: ServerResponse,
  problem: ProblemFacts,
  instance: string,
): void {
  const body = problemBody(problem, instance);
  response.writeHead(problem.status, problemHeaders(problem, body));
  response.end(body);
}

/** A problem as bytes, for a socket that asked for an upgrade and has no response object. */
export function rawProblem(problem: ProblemFacts, instance: string): string {
  const body = problemBody(problem, instance);
  const headers = { ...problemHeaders(problem, body), Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`;
  return `${[status, ...lines].join("\r\n")}\r\n\r\n${body}`;
}
