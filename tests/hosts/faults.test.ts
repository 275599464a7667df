import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { onBothHosts, type Host } from "./both-hosts.ts";
import { elapsedUntil } from "./upstream.ts";

const ways = [
  { way: 0, title: "a trap instruction", error: /RuntimeError/, panic: /^$/ },
  { way: 1, title: "a panic", error: /RuntimeError/, panic: /^the shelf fell over$/ },
  { way: 2, title: "an exhausted stack of the guest's own", error: /RuntimeError/, panic: /^$/ },
  { way: 3, title: "an exhausted stack of the engine's", error: /RangeError/, panic: /^$/ },
  { way: 4, title: "more memory than the cap", error: /RuntimeError/, panic: /./ },
  { way: 5, title: "a pointer to nowhere", error: /RangeError/, panic: /^$/ },
];

/** The log line about the request with this id, once it is written. */
async function logLine(host: Host, requestId: string): Promise<Record<string, string>> {
  const find = () => host.lines.filter((line) => line.includes(`"request_id":"${requestId}"`));
  await elapsedUntil(() => find().length > 0);
  assert.equal(find().length, 1);
  return JSON.parse(find()[0]!) as Record<string, string>;
}

onBothHosts("a guest that breaks", (host) => {
  for (const { way, title, error, panic } of ways) {
    test(`${title} before the response: 500, and one log line that says why`, async () => {
      const headers = { "x-request-id": `before-${way}` };
      const response = await host().fetch(`break-before?way=${way}`, { headers });
      assert.equal(response.status, 500);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      const problem = (await response.json()) as Record<string, unknown>;
      assert.equal(problem["code"], "internal_error");
      assert.equal(problem["status"], 500);
      assert.doesNotMatch(JSON.stringify(problem), /shelf|RuntimeError|RangeError/);

      const line = await logLine(host(), headers["x-request-id"]);
      assert.equal(line["level"], "error");
      assert.equal(line["path"], "/raw/break-before");
      assert.match(line["error"]!, error);
      assert.match(line["panic"]!, panic);
    });

    test(`${title} after the response began: its last words, and a clean end`, async () => {
      const headers = { "x-request-id": `after-${way}` };
      const response = await host().fetch(`break-after?way=${way}`, { headers });
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "[it began][it broke]");
      assert.match((await logLine(host(), headers["x-request-id"]))["error"]!, error);
    });
  }

  test("a hundred others do not notice", async () => {
    const path = "/pieces/others?count=20&gap_ms=20";
    const others = Array.from({ length: 100 }, async () => {
      const response = await host().fetchWithUpstream("relay", path);
      return await response.text();
    });
    await delay(100);
    for (const { way } of ways) {
      const [before, after] = await Promise.all([
        host().fetch(`break-before?way=${way}`),
        host().fetch(`break-after?way=${way}`),
      ]);
      assert.equal(before.status, 500);
      assert.equal(await after.text(), "[it began][it broke]");
    }
    const expected = Array.from({ length: 20 }, (_, number) => `piece ${number};`).join("");
    for (const text of await Promise.all(others)) assert.equal(text, expected);
  });

  test("the upstream of an instance that traps is closed", async () => {
    const path = "/endless/trapped";
    const response = await host().fetchWithUpstream("break-relaying", path);
    assert.equal(await response.text(), "");
    assert.ok((await host().upstream.closed(path)) < 1000);
  });

  test("a guest that finishes without an answer is a 500, and the log says so", async () => {
    const headers = { "x-request-id": "silent" };
    const response = await host().fetch("say-nothing", { headers });
    assert.equal(response.status, 500);
    assert.equal(((await response.json()) as { code: string }).code, "internal_error");
    assert.match((await logLine(host(), "silent"))["error"]!, /without a response/);
  });

  test("a malformed response head is a 500", async () => {
    const response = await host().fetch("bad-head");
    assert.equal(response.status, 500);
    await response.text();
  });
});
