import assert from "node:assert/strict";
import { test } from "node:test";
import { onBothHosts } from "./both-hosts.ts";

onBothHosts("what the host answers at once", (host) => {
  test("the request's head: method, whole URL, headers", async () => {
    const response = await host().fetch("head?chapter=2&q=%C3%BC", {
      method: "POST",
      headers: { "X-Mixed-Case": "value: with a colon" },
      body: "ignored",
    });
    const [start, first, ...headers] = (await response.text()).split("\n");
    assert.equal(start, "POST-");
    assert.equal(first, `POST ${host().url}/raw/head?chapter=2&q=%C3%BC`);
    assert.ok(headers.includes("x-mixed-case: value: with a colon"));
  });

  test("a function answers under the platform's prefix as well", async () => {
    const response = await fetch(`${host().url}/functions/v1/raw/head`);
    assert.match(await response.text(), /\/functions\/v1\/raw\/head\n/);
  });

  test("an unknown function is 404", async () => {
    for (const path of ["/", "/functions/v1/", "/functions/v1/nobody/raw", "/constructor"]) {
      const response = await fetch(host().url + path);
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      const problem = (await response.json()) as { code: string; instance: string };
      assert.equal(problem.code, "not_found");
      assert.equal(problem.instance, response.headers.get("x-request-id"));
    }
  });

  test("settings: one in UTF-8, an empty one, one that is not set", async () => {
    const setting = async (name: string) =>
      await (await host().fetch("environment", { headers: { "x-name": name } })).text();
    assert.equal(await setting("GREETING"), "11 grüß dich");
    assert.equal(await setting("EMPTY"), "0 ");
    assert.equal(await setting("PATH"), "not set");
    assert.equal(await setting("toString"), "not set");
  });

  test("the client's address is the platform's own, and never what a client writes", async () => {
    const written = { "x-forwarded-for": "198.51.100.1", "x-real-ip": "198.51.100.1", forwarded: "for=198.51.100.1" };
    const address = async (headers: Record<string, string>) => {
      return await (await host().fetch("address", { headers: { ...written, ...headers } })).text();
    };
    // Cloudflare is in front of workerd, and replaces this header; here nobody does.
    const behindCloudflare = host().runtime === "workerd";
    assert.equal(await address({}), behindCloudflare ? "" : "127.0.0.1");
    assert.equal(
      await address({ "cf-connecting-ip": "203.0.113.9" }),
      behindCloudflare ? "203.0.113.9" : "127.0.0.1",
    );
  });

  test("random bytes fill a large buffer and differ each time", async () => {
    const bytes = async () => {
      const response = await host().fetch("random?bytes=200000");
      return Buffer.from(await response.arrayBuffer());
    };
    const [one, other] = [await bytes(), await bytes()];
    assert.equal(one.length, 200_000);
    assert.notDeepEqual(one, other);
    const zeros = one.subarray(-65_536).filter((byte) => byte === 0).length;
    assert.ok(zeros > 128 && zeros < 512, `${zeros} of the last 65,536 bytes are zero`);
  });

  test("sleeping takes its time, cancelled sleep none, and the clock is right", async () => {
    const beganMs = Date.now();
    const response = await host().fetch("sleep?ms=120");
    const [slept, cancelled, tookMs, clockMs] = (await response.text()).split(" ").map(Number);
    assert.equal(slept, 0);
    assert.equal(cancelled, -1);
    assert.ok(tookMs! >= 115 && tookMs! < 1000, `${tookMs} ms`);
    assert.ok(Math.abs(clockMs! - beganMs) < 1000);
  });

  test("a status that has no body gets none", async () => {
    for (const status of [204, 205, 304]) {
      const response = await host().fetch(`answer?status=${status}`);
      assert.equal(response.status, status);
      assert.equal(response.headers.get("x-answered"), "yes");
      assert.equal(await response.text(), "");
    }
    const response = await host().fetch("answer?status=422");
    assert.equal(response.status, 422);
    assert.equal(await response.text(), "body");
  });

  test("HEAD gets the head alone", async () => {
    const response = await host().fetch("answer", { method: "HEAD" });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("x-answered"), "yes");
    assert.equal(await response.text(), "");
  });
});
