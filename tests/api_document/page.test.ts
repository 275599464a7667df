// The documentation page for people, the files that it loads, and the redirect from /redoc.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onBothRuntimes } from "./served.ts";

const PAGES = ["/docs", "/docs/", "/functions/v1/docs", "/functions/v1/docs/"];

/** The addresses that a browser would request for the page at the path. */
function addressesIn(html: string, page: string): string[] {
  const base = new URL(/<base href="([^"]+)">/.exec(html)?.[1] ?? "", page);
  return [...html.matchAll(/ (?:href|src)="([^"]+)"/g)]
    .map(([, link = ""]) => link)
    .filter((link) => /\.\w+$/.test(link))
    .map((link) => new URL(link, base).href);
}

onBothRuntimes("the page", (url) => {
  test("is HTML that may ask its own server alone, and runs no script that stands in it", async () => {
    const response = await fetch(`${url()}/functions/v1/docs`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    const policy = (response.headers.get("content-security-policy") ?? "").split("; ");
    for (const directive of ["default-src 'none'", "script-src 'self'", "connect-src 'self'"]) {
      assert.ok(policy.includes(directive), directive);
    }
    assert.doesNotMatch(policy.join(), /\*|http|unsafe-eval/);
    const html = await response.text();
    assert.match(html, /^<!doctype html>/);
    assert.doesNotMatch(html, /<script(?![^>]* src=)|\{\{/);
  });

  test("finds the document, the viewer and its style from wherever it is", async () => {
    const types = new Map([
      ["css", "text/css; charset=utf-8"],
      ["js", "text/javascript; charset=utf-8"],
      ["json", "application/json"],
    ]);
    for (const path of PAGES) {
      const page = url() + path;
      const found = new Set<string>();
      for (const address of addressesIn(await (await fetch(page)).text(), page)) {
        const response = await fetch(address);
        assert.equal(response.status, 200, `${path} leads to ${address}`);
        const kind = address.split(".").at(-1) ?? "";
        assert.equal(response.headers.get("content-type"), types.get(kind), address);
        assert.ok((await response.text()).length > 100, address);
        found.add(kind);
      }
      assert.deepEqual(found, new Set(types.keys()), path);
    }
  });

  test("has its files sent once to who keeps them, and by no other method", async () => {
    const address = `${url()}/functions/v1/docs/swagger-ui.css`;
    const first = await fetch(address);
    const css = await first.text();
    assert.match(css, /\.swagger-ui/);
    assert.equal(first.headers.get("x-content-type-options"), "nosniff");
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(address, { headers: { "if-none-match": `"x", ${etag}` } });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), "");
    const other = await fetch(address, { headers: { "if-none-match": '"x"' } });
    assert.equal(await other.text(), css);
    const head = await fetch(address, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
    const post = await fetch(address, { method: "POST" });
    assert.equal(post.status, 404);
    assert.match(post.headers.get("content-type") ?? "", /^application\/problem\+json/);
    await post.body?.cancel();
    for (const path of ["/docs/nothing.css", "/docs/../../package.json", "/docs/__proto__"]) {
      const response = await fetch(url() + path);
      assert.equal(response.status, 404, path);
      await response.body?.cancel();
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
