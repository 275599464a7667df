/** Errors with which the host itself answers: RFC 9457, like those of shared/http. */

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

// The same rule as in shared/http for a caller's name for its request.
const plainId = /^[!#-[\]-~]{1,128}$/;

export function problemResponse(code: keyof typeof problems, request: Request): Response {
  const { status, title, detail } = problems[code];
  const given = request.headers.get("x-request-id") ?? "";
  const instance = plainId.test(given) ? given : crypto.randomUUID();
  const body = { type: `urn:fabula:problem:${code}`, title, status, code, detail, instance };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      // It contains nothing private, so a page of any origin may read the error.
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "x-request-id",
      "x-request-id": instance,
    },
  });
}

/** Answers a request for a function that does not exist, and a page's preflight, so that it can read the error. */
export function noFunctionResponse(request: Request): Response {
  if (request.method !== "OPTIONS") return problemResponse("not_found", request);
  const asked = request.headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      ...(asked !== null && { "access-control-allow-headers": asked }),
      vary: "Access-Control-Request-Headers",
    },
  });
}
