// Pages of other origins, on every path of the one origin.
import assert from "node:assert/strict";
import { test } from "node:test";
import { INSTANCE_PATH } from "../../scripts/local/origin.ts";
import { originInFrontOf, setUp } from "./upstream.ts";

const TRACED = [
  "authorization,baggage,content-type,sentry-trace",
  "authorization,content-type,x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id",
  "apikey,authorization,x-client-info,x-span-id,x-trace-id",
  "authorization,b3,content-type,traceparent,tracestate,x-b3-sampled,x-b3-spanid,x-b3-traceid",
];

function preflight(url: string, headers: string): Promise<Response> {
  return fetch(url, {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": headers,
    },
  });
}

test("a page may call every path that is not a function's, with every header", async (context) => {
  const asked: string[] = [];
  const { url } = await setUp(context, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    // Answers like the embedded Auth: no header is allowed, and credentials with any origin, which no browser
    // accepts.
    response.writeHead(200, {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Credentials": "true",
      "Content-Range": "0-0/1",
    });
    response.end("{}");
  });
  const paths = ["/auth/v1/signup", "/rest/v1/projects", "/storage/v1/object/a", "/", "/page.js", INSTANCE_PATH];
  for (const path of [...paths, "/elsewhere"]) {
    for (const headers of TRACED) {
      const answer = await preflight(url + path, headers);
      assert.equal(answer.status, 204, path);
      assert.equal(answer.headers.get("access-control-allow-origin"), "*", path);
      assert.equal(answer.headers.get("access-control-allow-headers"), headers, path);
      assert.match(answer.headers.get("access-control-allow-methods") ?? "", /\bPATCH\b/, path);
    }
    const method = path.includes("/v1/") ? "POST" : "GET";
    const answer = await fetch(url + path, { method, headers: { origin: "http://localhost:3000" } });
    assert.equal(answer.headers.get("access-control-allow-origin"), "*", path);
    assert.equal(answer.headers.get("access-control-allow-credentials"), null, path);
    await answer.text();
  }
  assert.deepEqual(asked, ["POST /auth/v1/signup", "POST /rest/v1/projects", "POST /storage/v1/object/a"]);
});

test("the functions say themselves which pages may call them", async (context) => {
  const { url } = await setUp(context, (_request, response) => {
    response.writeHead(204, { "Access-Control-Allow-Origin": "https://listed.example" });
    response.end();
  });
  const answer = await preflight(`${url}/functions/v1/chat`, "authorization");
  assert.equal(answer.headers.get("access-control-allow-origin"), "https://listed.example");
  assert.equal(answer.headers.get("access-control-allow-headers"), null);
});

test("a page is told that a part has not started, which it could not read without a preflight", async (context) => {
  const { origin, url } = await originInFrontOf({ functions: undefined, database: undefined });
  context.after(() => origin.close());
  for (const path of ["/functions/v1/chat", "/auth/v1/signup"]) {
    assert.equal((await preflight(url + path, "sentry-trace")).status, 204);
    const answer = await fetch(url + path, { method: "POST", body: "{}" });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    await answer.text();
  }
});

test("OPTIONS that asks nothing of a browser's goes to the part", async (context) => {
  const { url } = await setUp(context, (_request, response) => response.writeHead(200, { Allow: "GET" }).end());
  const answer = await fetch(`${url}/rest/v1/projects`, { method: "OPTIONS" });
  assert.equal(answer.headers.get("allow"), "GET");
});
