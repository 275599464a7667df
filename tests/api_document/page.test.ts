// The page for people, and the way to it from /redoc.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onBothRuntimes, operationsOf, readDocument } from "./served.ts";

onBothRuntimes("the page", (url) => {
  test("is HTML that may load nothing and run nothing", async () => {
    const response = await fetch(`${url()}/functions/v1/docs`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; style-src 'unsafe-inline';/);
    assert.doesNotMatch(policy, /script-src|connect-src|img-src/);
    const html = await response.text();
    assert.match(html, /^<!doctype html>/);
    assert.doesNotMatch(html, /<script/);
  });

  test("tells of every operation of the document", async () => {
    const html = await (await fetch(`${url()}/docs`)).text();
    for (const { operation } of operationsOf(await readDocument(url()))) {
      assert.ok(html.includes(`<article id="${operation.operationId}">`), operation.operationId);
    }
  });

  test("leads to the document from wherever it is", async () => {
    for (const path of ["/docs", "/docs/", "/functions/v1/docs", "/functions/v1/docs/"]) {
      const html = await (await fetch(url() + path)).text();
      const href = /<a href="([^"#]+)">the OpenAPI document/.exec(html)?.[1] ?? "";
      const document = await fetch(new URL(href, url() + path));
      assert.equal(document.status, 200, `${path} leads to ${href}`);
      assert.equal(document.headers.get("content-type"), "application/json");
      await document.body?.cancel();
    }
  });

  test("is what /redoc leads to, with a prefix and without", async () => {
    for (const path of ["/redoc", "/redoc/", "/functions/v1/redoc", "/functions/v1/redoc/"]) {
      const response = await fetch(url() + path);
      assert.equal(response.redirected, true, path);
      assert.equal(response.url, url() + path.replace(/redoc\/?$/, "docs"));
      assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
      await response.body?.cancel();
    }
  });
});
