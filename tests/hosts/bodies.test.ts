import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { onBothHosts } from "./both-hosts.ts";
import { elapsedUntil } from "./upstream.ts";

onBothHosts("bodies", (host) => {
  test("a body comes back byte by byte the same", async () => {
    const sent = new Uint8Array(randomBytes(3_000_000));
    const response = await host().fetch("echo", { method: "POST", body: sent });
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), sent);
  });

  test("a guest's buffer smaller than what arrives loses nothing", async () => {
    const sent = "The lighthouse keeper wrote his letters at night.".repeat(20);
    const response = await host().fetch("echo?capacity=7", { method: "POST", body: sent });
    assert.equal(await response.text(), sent);
  });

  test("a request without a body has an empty one", async () => {
    const response = await host().fetch("echo");
    assert.equal(await response.text(), "");
  });

  test("a body is read while it is still being sent", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encode = (text: string) => new TextEncoder().encode(text);
    void writer.write(encode("first"));
    const response = await host().fetch("echo", {
      method: "POST",
      body: readable,
      duplex: "half",
    } as RequestInit);
    const reader = response.body!.getReader();
    assert.deepEqual((await reader.read()).value, encode("first"));
    void writer.write(encode("second"));
    assert.deepEqual((await reader.read()).value, encode("second"));
    void writer.close();
    assert.equal((await reader.read()).done, true);
  });

  test("a guest may answer a body that it does not read", async () => {
    const body = new Uint8Array(3_000_000);
    const response = await host().fetch("answer?status=413", { method: "POST", body });
    assert.equal(response.status, 413);
    assert.equal(await response.text(), "body");
  });

  test("a client that does not read holds the guest's writes back", async () => {
    const taken = () => host().lines.filter((line) => line.includes("one megabyte")).length;
    const before = taken();
    const response = await host().fetch("flood?megabytes=64");
    await delay(700);
    const whileStalled = taken() - before;
    // The buffers of the sockets and the runtime: far from everything, and it does not grow.
    assert.ok(whileStalled < 24, `${whileStalled} MB were written to nobody`);
    await delay(300);
    assert.equal(taken() - before, whileStalled);

    const received = await response.arrayBuffer();
    assert.equal(received.byteLength, 64 * 1024 * 1024);
    await elapsedUntil(() => taken() - before === 64);
  });

  test("the guest's memory may grow between two reads", async () => {
    const sent = randomBytes(12_000).toString("hex").slice(0, 12_000);
    const response = await host().fetch("grow", { method: "POST", body: sent });
    assert.equal(await response.text(), sent);
  });

  test("bytes of a read that was cancelled in its own batch come with the next read", async () => {
    const response = await host().fetchWithUpstream("take-back", "/large?bytes=9");
    assert.equal(await response.text(), "-1 llllllll");
  });

  test("reads that are given up again and again lose nothing", async () => {
    const count = 60;
    const response = await host().fetchWithUpstream(
      "impatient?patience_ms=4",
      `/pieces?count=${count}&gap_ms=9`,
    );
    const [cancelled, body] = (await response.text()).split("\n");
    assert.ok(Number(cancelled) > count / 2, `only ${cancelled} reads were given up`);
    const expected = Array.from({ length: count }, (_, number) => `piece ${number};`).join("");
    assert.equal(body, expected);
  });
});
