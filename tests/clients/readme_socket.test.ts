// README.md's first example of a socket, unchanged except for the URL and the output of its messages.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import WebSocket from "ws";
import { root } from "./backend.ts";
import { onEachRuntime } from "./stack.ts";
import { until } from "./wait.ts";

onEachRuntime("README's example of a socket", (stack) => {
  test("it is answered, and connects again by itself without a second turn", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const example = /### Sockets[^]*?```js\n([^]*?)```/.exec(readme)?.[1];
    assert.ok(example);
    const model = stack().backend.model;
    // Both runtimes have one model.
    const repliesBefore = model.replies("Once upon a time").length;
    model.tell("Once upon a time", ["there was ", "a fox."]);
    const code = example
      .replace("ws://127.0.0.1:54321", stack().url.replace("http", "ws"))
      .replace("demo123", randomUUID());
    const told: unknown[][] = [];
    const sockets: WebSocket[] = [];
    class Socket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const isTold = (type: string, count: number) => told.filter(([one]) => one === type).length >= count;
    new Function("WebSocket", "console", code)(Socket, { log: (...words: unknown[]) => void told.push(words) });
    await until("the first answer", () => isTold("done", 1));
    const text = told.filter(([type]) => type === "token").map(([, words]) => words).join("");
    assert.equal(text, "there was a fox.");
    sockets[0]!.terminate();
    await until("the same answer again", () => isTold("done", 2));
    assert.equal(model.replies("Once upon a time").length, repliesBefore + 1);
    assert.equal(sockets.length, 2);
    sockets[1]!.close(1000);
    await until("the end", () => sockets[1]!.readyState === WebSocket.CLOSED);
  });
});
