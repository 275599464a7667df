// The OpenAPI document as it is served: its URLs, its soundness, and its correctness.
import { createConfig, lintFromString } from "@redocly/openapi-core";
import assert from "node:assert/strict";
import { test } from "node:test";
import { onBothRuntimes, operationsOf, readDocument } from "./served.ts";

onBothRuntimes("the OpenAPI document", (url) => {
  test("is served below the platform's prefix and without it, and names its server", async () => {
    for (const prefix of ["/functions/v1", ""]) {
      const response = await fetch(`${url()}${prefix}/docs/openapi.json`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "application/json");
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
      const { openapi, servers } = (await response.json()) as {
        openapi: string;
        servers: { url: string }[];
      };
      assert.equal(openapi, "3.1.0");
      assert.equal(servers[0]?.url, url() + prefix);
    }
  });

  test("is not sent again to who has it", async () => {
    const address = `${url()}/docs/openapi.json`;
    const etag = (await fetch(address)).headers.get("etag") ?? "";
    // Deno makes it weak when it compresses.
    assert.match(etag, /^(W\/)?"[0-9a-f]{16}"$/);
    const again = await fetch(address, { headers: { "if-none-match": `"x", ${etag}` } });
    assert.equal(again.status, 304);
    assert.equal(again.headers.get("etag")?.replace(/^W\//, ""), etag.replace(/^W\//, ""));
    assert.equal(await again.text(), "");
    const other = await fetch(address, { headers: { "if-none-match": '"x"' } });
    assert.equal(other.status, 200);
    await other.body?.cancel();
  });

  test("passes all rules that its linter recommends", async () => {
    const source = await (await fetch(`${url()}/functions/v1/docs/openapi.json`)).text();
    const config = await createConfig({ extends: ["recommended"] });
    const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
    const told = problems.map(
      ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`,
    );
    // A redirect has no 2xx response.
    const expected = /^operation-2xx-response #\/paths\/~1redoc\/get\/responses:/;
    assert.deepEqual(
      told.filter((line) => !expected.test(line)),
      [],
    );
  });

  test("has patterns that any engine reads", async () => {
    const { components } = await readDocument(url());
    const patterns = new Map<string, RegExp>();
    for (const [name, schema] of Object.entries(components.schemas)) {
      for (const [field, { pattern }] of Object.entries(schema.properties ?? {})) {
        if (pattern !== undefined) patterns.set(`${name}.${field}`, new RegExp(pattern, "u"));
      }
    }
    const takes = (field: string, text: string) => patterns.get(field)?.test(text);
    for (const text of ["a", " a ", "\n\u{1f409}", "a\nb\n", "\u00a0.\u200b"]) {
      assert.equal(takes("DossierRequest.name", text), true, JSON.stringify(text));
    }
    for (const text of ["", " \t\n\v\f\r", "\u0085\u00a0\u200b\u2060\u3000\ufeff", "a\0"]) {
      assert.equal(takes("DossierRequest.name", text), false, JSON.stringify(text));
    }
    for (const text of ["a@b", "jörg@müller.example"]) {
      assert.equal(takes("ProfileUpdate.email", text), true, text);
    }
    for (const text of ["a", "a@", "@b", "a@b@c", "a @b", "a@b\n", "a@\u00a0", "\u0092@b", "a\u200b@b"]) {
      assert.equal(takes("ProfileUpdate.email", text), false, text);
    }
    for (const text of ["https://a", "http://[::1]:8/x?y=%20#z"]) {
      assert.equal(takes("ProfileUpdate.avatar_url", text), true, text);
    }
    for (const text of ["https://", "ftp://a", "https://a b", 'https://a"', "https://ä"]) {
      assert.equal(takes("ProfileUpdate.avatar_url", text), false, text);
    }
  });

  test("tells of operations that are there, and what they answer to nobody", async () => {
    const operations = operationsOf(await readDocument(url()));
    assert.ok(operations.length > 25);
    for (const { method, path, operation } of operations) {
      const response = await fetch(`${url()}/functions/v1${path}`, { method, redirect: "manual" });
      const what = `${method} ${path} answered ${response.status}: ${await response.text()}`;
      assert.ok(String(response.status) in operation.responses, what);
      const needsNoToken =
        operation.security.length === 0 ||
        operation.security.some((way) => Object.keys(way).length === 0);
      assert.equal(response.status === 401, !needsNoToken, what);
      // There is no database here.
      if (path.endsWith("/health/ready") || path.startsWith("/users/deletions/")) {
        assert.equal(response.status, 503, what);
        continue;
      }
      assert.equal(response.ok || response.status === 308, operation.security.length === 0, what);
    }
  });

  test("has no path that a page with a tracer may not call", async () => {
    const asked = [
      "authorization,baggage,content-type,sentry-trace",
      "authorization,content-type,x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id",
      "apikey,authorization,x-client-info,x-span-id,x-trace-id",
      "authorization,if-match,newrelic,traceparent,tracestate,x-b3-traceid",
    ];
    const operations = operationsOf(await readDocument(url())).map(({ method, path }) => ({ method, path }));
    // A client that misspells a function must be able to read the error.
    for (const { method, path } of [...operations, { method: "POST", path: "/caht" }]) {
      for (const headers of asked) {
        const response = await fetch(`${url()}/functions/v1${path}`, {
          method: "OPTIONS",
          headers: {
            origin: "https://app.example.net",
            "access-control-request-method": method,
            "access-control-request-headers": headers,
          },
        });
        const where = `${method} ${path}`;
        assert.equal(response.status, 204, where);
        assert.equal(response.headers.get("access-control-allow-origin"), "*", where);
        const methods = response.headers.get("access-control-allow-methods")?.split(", ") ?? [];
        assert.ok(methods.includes(method), where);
        const allowed = new Set(response.headers.get("access-control-allow-headers")?.split(/,\s*/));
        assert.deepEqual(headers.split(",").filter((header) => !allowed.has(header)), [], where);
      }
    }
  });

  test("leaves out no method that a path takes", async () => {
    const { paths } = await readDocument(url());
    for (const [pattern, methods] of Object.entries(paths)) {
      const path = pattern.replaceAll(/\{\w+\}/g, "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9");
      const response = await fetch(`${url()}/functions/v1${path}`, { method: "PROPFIND" });
      assert.equal(response.status, 405, path);
      await response.body?.cancel();
      const allowed = (response.headers.get("allow") ?? "").split(", ");
      const told = Object.keys(methods).map((method) => method.toUpperCase());
      assert.deepEqual(new Set(allowed), new Set([...told, "OPTIONS"]), path);
    }
  });
});
