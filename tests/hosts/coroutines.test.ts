import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { onBothHosts } from "./both-hosts.ts";

onBothHosts("coroutines and the core inside WebAssembly", (host) => {
  const ask = async (command: string, init?: RequestInit) => {
    const response = await fetch(`${host().url}/coroutines/${command}`, init);
    return { status: response.status, text: await response.text() };
  };
  const post = (command: string, body: string) => ask(command, { method: "POST", body });

  test("a million ready awaits need no stack", async () => {
    assert.deepEqual(await ask("million"), { status: 200, text: "499999500000" });
  });

  test("five thousand coroutines that wait for each other come back", async () => {
    assert.deepEqual(await ask("nested"), { status: 200, text: "5000" });
  });

  test("losers of a race are cancelled, two hundred times", async () => {
    const started = performance.now();
    assert.deepEqual(await ask("races"), { status: 200, text: "200" });
    assert.ok(performance.now() - started < 30_000);
  });

  test("JSON is read and written, and nesting beyond the limit is refused and not a trap", async () => {
    assert.equal((await post("json", '{"a":[1,-2.5,"\\ud83e\\udd8a"]}')).text, '{"a":[1,-2.5,"🦊"]}');
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    assert.equal((await post("json", nested(64))).text, nested(64));
    for (const depth of [65, 10_000, 1_000_000]) {
      assert.equal((await post("json", nested(depth))).text, "json_too_deep");
    }
    assert.equal((await post("json", '{"a":'.repeat(100_000))).text, "json_too_deep");
  });

  test("a constant that is passed by value in the last call of a function arrives", async () => {
    assert.deepEqual(await ask("constant"), { status: 200, text: "It is a constant" });
  });

  test("a body that comes too slowly is given up: after a silence, or at the end of the whole time", async () => {
    const send = async (gaps_ms: readonly number[]): Promise<{ text: string; elapsedMs: number }> => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const beganMs = performance.now();
      const asking = fetch(`${host().url}/coroutines/impatient`, {
        method: "POST",
        body: readable,
        duplex: "half",
      } as RequestInit);
      const writing = (async () => {
        for (const gap_ms of gaps_ms) {
          await writer.write(new TextEncoder().encode("x"));
          await delay(gap_ms);
        }
        await writer.close();
      })();
      writing.catch(() => {}); // The server may have closed the connection.
      const text = await (await asking).text();
      const elapsedMs = performance.now() - beganMs;
      await Promise.race([writing.catch(() => {}), delay(2_000)]);
      return { text, elapsedMs };
    };
    assert.equal((await send([50, 50, 50])).text, "3");
    const silent = await send([50, 2_000]);
    assert.equal(silent.text, "too slow");
    assert.ok(silent.elapsedMs > 300 && silent.elapsedMs < 1_200, `given up after ${silent.elapsedMs} ms`);
    const trickled = await send(Array.from({ length: 20 }, () => 150));
    assert.equal(trickled.text, "too slow");
    assert.ok(trickled.elapsedMs > 950 && trickled.elapsedMs < 2_500, `given up after ${trickled.elapsedMs} ms`);
    // The runtime continues.
    assert.equal((await send([10])).text, "1");
  });

  test("memory may grow between two reads of a body", async () => {
    const body = Array.from({ length: 20_000 }, (_, index) => index).join(" ");
    assert.deepEqual(await post("grow", body), { status: 200, text: body });
  });

  test("memory has an end, which ends one request and names itself in the log", async () => {
    assert.equal((await ask("memory")).status, 500);
    assert.equal((await ask("abort")).status, 500);
    assert.equal((await ask("million")).status, 200);
    const logged = host().lines.join("\n");
    assert.match(logged, /abort/);
    assert.match(logged, /memory|alloc|length/);
  });
});
