import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { onBothHosts, startHost } from "./both-hosts.ts";
import { elapsedUntil } from "./upstream.ts";

/** Reads until the first bytes have arrived, then leaves. */
async function leaveAfterFirstBytes(begin: (signal: AbortSignal) => Promise<Response>) {
  const leaving = new AbortController();
  const response = await begin(leaving.signal);
  await response.body!.getReader().read();
  leaving.abort();
}

onBothHosts("leaving", (host) => {
  test("a client that leaves mid-stream: the upstream closes within a second", async () => {
    const path = "/endless/left";
    await leaveAfterFirstBytes((signal) =>
      host().fetchWithUpstream("relay-until-left", path, { signal }),
    );
    const elapsedMs = await host().upstream.closed(path);
    assert.ok(elapsedMs < 1000, `it took ${elapsedMs} ms`);
    assert.match(await host().upstream.reported(path), /^(client_left|disconnected)$/);
  });

  test("a client that leaves while the upstream is silent: closed within two seconds", async () => {
    const path = "/silent/left";
    await leaveAfterFirstBytes((signal) =>
      host().fetchWithUpstream("relay-until-left", path, { signal }),
    );
    const elapsedMs = await host().upstream.closed(path);
    assert.ok(elapsedMs < 2000, `it took ${elapsedMs} ms`);
    assert.match(await host().upstream.reported(path), /^(client_left|disconnected)$/);
  });

  test("leaving is told once, and writes afterwards are disconnected", async () => {
    const path = "/silent/counted";
    await leaveAfterFirstBytes((signal) =>
      host().fetchWithUpstream("count-leaving", path, { signal }),
    );
    assert.equal(await host().upstream.reported(path), "events1_status-2");
  });

  test("a client that reads to the end has not left", async () => {
    const path = "/silent/stayed";
    const response = await host().fetchWithUpstream("work-on?work_ms=400", path);
    assert.equal(await response.text(), "answered");
    assert.equal(await host().upstream.reported(path), "worked_on_events0");
  });

  test("work goes on after the response", async () => {
    const path = "/silent/work";
    const beganMs = performance.now();
    const response = await host().fetchWithUpstream("work-on?work_ms=700", path);
    await response.text();
    assert.ok(performance.now() - beganMs < 500, "the response waited for the work");
    await host().upstream.reported(path);
    assert.ok(performance.now() - beganMs >= 700);
  });

  test("a hundred clients that leave at once close a hundred upstreams", async () => {
    const path = "/endless/crowd";
    const crowd = Array.from({ length: 100 }, () =>
      leaveAfterFirstBytes((signal) =>
        host().fetchWithUpstream("relay-until-left", path, { signal }),
      ),
    );
    await Promise.all(crowd);
    await elapsedUntil(() => host().upstream.count(path) === 100);
    const elapsedMs = await host().upstream.closed(path);
    assert.ok(elapsedMs < 2000, `it took ${elapsedMs} ms`);
  });
});

// Cloudflare does not announce an isolate's end; it lets requests continue for 30 seconds instead.
test("the isolate's coming end is told while it can still save, on deno", async () => {
  const host = await startHost("deno");
  const path = "/silent/ending";
  const response = await host.fetchWithUpstream("relay-until-left", path);
  const reader = response.body!.getReader();
  await reader.read();
  const stopped = host.stop();
  assert.equal(await host.upstream.reported(path), "isolate_ending");
  assert.equal((await reader.read()).done, true);
  await Promise.race([stopped, delay(2_500).then(() => assert.fail("it did not end by itself"))]);
});
