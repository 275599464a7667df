/** Errors that the host itself answers with: RFC 9457, shaped like those of shared/http. */

const problems = {
  internal_error: {
    status: 500,
    title: "Internal error",
    detail: "The function stopped before it answered. Trying again can help.",
  },
  not_found: {
    status: 404,
    title: "Not found",
    detail: "There is no such function. Check the name after /functions/v1/.",
  },
} as const;

export function problemResponse(code: keyof typeof problems, url: string): Response {
  const { status, title, detail } = problems[code];
  const instance = new URL(url).pathname;
  const body = { type: `urn:fabula:problem:${code}`, title, status, code, detail, instance };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      // It says nothing about anybody, so a page of any origin may read what went wrong.
      "access-control-allow-origin": "*",
    },
  });
}
