// 400 silent connections on workerd: they stay open, and the cost of each is printed and limited.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { handleRequest } from "../../wasm/host/handle-request.ts";
import type { AcceptedSocket } from "../../wasm/host/platform.ts";
import { root, type Backend, type Table } from "./backend.ts";
import { startParts } from "./parts.ts";
import { residentKilobytes } from "./process_memory.ts";
import { PROTOCOL, SocketClient } from "./socket.ts";
import { assertDiscreetLog, Stack } from "./stack.ts";
import { until } from "./wait.ts";

const CONNECTIONS = 400;
const AT_ONCE = 10;
const HELD_MS = 120_000;
const MOST_DECLARED_KILOBYTES = 256;
const MOST_RESIDENT_KILOBYTES_EACH = 512;

describe("idle connections", () => {
  let backend: Backend;
  let stack: Stack;
  startParts(async (parts) => {
    ({ backend } = await parts.startBackend());
    stack = parts.add(await Stack.start("workerd", backend));
  });

  test(`${CONNECTIONS} for two minutes on workerd`, { timeout: 600_000 }, async (context) => {
    const memory = () => residentKilobytes(stack.functions.processId);
    await (await SocketClient.open(stack, randomUUID(), { isDirect: true })).leave();
    const before = memory();
    const clients: SocketClient[] = [];
    const beganMs = performance.now();
    while (clients.length < CONNECTIONS) {
      const some = Array.from({ length: AT_ONCE }, () =>
        SocketClient.open(stack, randomUUID(), { isDirect: true, longest_ms: 60_000 }),
      );
      clients.push(...(await Promise.all(some)));
    }
    const openedMs = performance.now();
    const opened = memory();
    let peak = opened ?? 0;
    while (performance.now() - openedMs < HELD_MS) {
      await delay(1_000);
      peak = Math.max(peak, memory() ?? 0);
    }
    assert.deepEqual(clients.filter(({ closed }) => closed), []);
    assert.ok(clients.every((client) => client.of("ping").length >= 3 && client.of("error").length === 0));
    // Each of them still works.
    backend.model.tell("Is anybody there?", ["All of us."]);
    const last = clients.at(-1)!;
    last.say("m1", "Is anybody there?");
    await last.told("done", "m1", 60_000);
    const held = memory();
    await Promise.all(clients.map((client) => client.leave()));
    await until("all have left", async () => (await backend.rows("live_connections" as Table)).length === 0, 60_000);
    await delay(3_000);
    const afterwards = memory();
    context.diagnostic(`${CONNECTIONS} connections were open after ${Math.round(openedMs - beganMs)} ms`);
    if (before !== undefined && held !== undefined) {
      const each = Math.round((peak - before) / CONNECTIONS);
      context.diagnostic(
        `workerd's resident memory: ${before} KB before, ${opened} KB with all open, ${held} KB after two ` +
          `minutes, ${peak} KB at its peak, ${afterwards} KB after; ${each} KB a connection`,
      );
      assert.ok(each <= MOST_RESIDENT_KILOBYTES_EACH, `${each} KB a connection`);
    }
    assertDiscreetLog(stack);
  });

  // The same module and host, in this process, where its memory can be looked at.
  test("the memory that an idle connection's instance declares", async (context) => {
    const module = new WebAssembly.Module(readFileSync(join(root, "build/cloudflare/realtime.wasm")));
    const Instance = WebAssembly.Instance;
    let memory: WebAssembly.Memory | undefined;
    WebAssembly.Instance = class extends Instance {
      constructor(...parameters: ConstructorParameters<typeof Instance>) {
        super(...parameters);
        memory = this.exports["memory"] as WebAssembly.Memory;
      }
    };
    const socket = new FakeSocket();
    const done: Promise<void>[] = [];
    try {
      const url = `${stack.functions.url}/functions/v1/realtime/ws/session/${randomUUID()}`;
      const headers = { upgrade: "websocket", "sec-websocket-protocol": PROTOCOL };
      const { status } = await handleRequest(module, new Request(url, { headers }), {
        environment: (name) => stack.environment[name],
        waitUntil: (promise) => void done.push(promise),
        traits: 0,
        acceptSocket: () => ({ response: new Response(), socket: socket as unknown as AcceptedSocket["socket"] }),
        log: () => {},
      });
      assert.equal(status, 200, "the stand-in for 101, which no Response of Node has");
    } finally {
      WebAssembly.Instance = Instance;
    }
    socket.receive('{"type":"hello"}');
    await until("ready", () => socket.sent.some((text) => text.includes('"ready"')));
    const idle = memory!.buffer.byteLength / 1024;
    socket.receive('{"type":"ping"}');
    await until("pong", () => socket.sent.some((text) => text.includes('"pong"')));
    socket.dispatchEvent(Object.assign(new Event("close"), { code: 1000 }));
    await Promise.all(done);
    context.diagnostic(`declared by an idle connection's instance: ${idle} KB`);
    assert.ok(idle <= MOST_DECLARED_KILOBYTES, `${idle} KB`);
  });
});

/** The platform's side of a socket, without a network. */
class FakeSocket extends EventTarget {
  readonly readyState = 1;
  readonly sent: string[] = [];
  binaryType = "blob";

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {}

  receive(data: string): void {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
}
