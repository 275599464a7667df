// 500 conversations at once on workerd, through the functions as they are deployed: every byte arrives
// in the right place, and the cost of an open stream is printed. On a real PostgreSQL: the embedded
// one makes one call at a time, and the last of 500 turns that begin at once would wait too long.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { handleRequest } from "../../wasm/host/handle-request.ts";
import { root, type Backend } from "./backend.ts";
import { EventReader, readEvents, talk } from "./chat.ts";
import { startParts } from "./parts.ts";
import { residentKilobytes } from "./process_memory.ts";
import type { Reply } from "./scripted_model.ts";
import { assertDiscreetLog, Stack } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

const STREAMS = 500;
const PIECES = 50;
const GAP_MS = 100;
const LONGEST_MS = 120_000;

interface Conversation {
  prompt: string;
  pieces: string[];
}

/** Text that no other conversation has, in characters of one to four bytes. */
function invent(number: number): Conversation {
  const piece = () => randomBytes(randomInt(4, 20)).toString("hex") + ["", "é", "–", "狐", "\u{1F98A}"][randomInt(5)]! + "\n\" ";
  return { prompt: `Tell me story number ${number}.`, pieces: Array.from({ length: PIECES }, piece) };
}

describe("a crowd", () => {
  let backend: Backend;
  let stack: Stack;
  startParts(async (parts) => {
    ({ backend } = await parts.startBackend());
    // Room for the long history below; the crowd has none.
    const settings = () => ({ FABULA_HISTORY_TOKENS: "30000" });
    stack = parts.add(await Stack.start("workerd", backend, settings));
  });

  test(`${STREAMS} streams at once on workerd`, { timeout: LONGEST_MS }, async (context) => {
    const { processId } = stack.functions;
    const memory = () => residentKilobytes(processId);
    backend.model.tell("Warm up, please.", ["It is warm now."]);
    await talk(stack, { text: "Warm up, please." });
    const before = memory();

    // All wait with their first piece until the last has arrived.
    const everybody = makeGate();
    const conversations = Array.from({ length: STREAMS }, (_, number) => invent(number));
    const play = (pieces: string[]) => async (reply: Reply) => {
      reply.text(pieces[0]!);
      await everybody.opened;
      for (const piece of pieces.slice(1)) {
        await delay(GAP_MS / 2 + randomInt(GAP_MS));
        reply.text(piece);
      }
      reply.finish();
    };
    for (const { prompt, pieces } of conversations) backend.model.script(prompt, play(pieces));

    const beganMs = performance.now();
    let open = 0;
    const turns = conversations.map(async ({ prompt }) => {
      const response = await fetch(`${stack.functions.url}/functions/v1/chat`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text: prompt }),
      });
      assert.equal(response.status, 200);
      const reader = new EventReader(response);
      await reader.readUntil((events) => events.text !== "");
      open += 1;
      return { events: await reader.readToEnd(), header: (name: string) => response.headers.get(name) };
    });
    const failed = Promise.all(turns).then(() => {});
    await Promise.race([failed, until("all streams are open", () => open === STREAMS, LONGEST_MS / 2)]);
    const openedMs = performance.now();
    const idle = memory();

    let peak = idle;
    const sampler = setInterval(() => (peak = Math.max(peak ?? 0, memory() ?? 0)), 100);
    everybody.open();
    const told = await Promise.all(turns).finally(() => clearInterval(sampler));
    const endedMs = performance.now();
    await delay(2_000);
    const afterwards = memory();

    conversations.forEach(({ pieces }, number) => {
      const { events } = told[number]!;
      assert.equal(events.text, pieces.join(""), `story ${number}`);
      assert.deepEqual(events.ending, ["metadata", "done"], `story ${number}`);
      assert.equal(events.metadata["session_id"], told[number]!.header("x-session-id"));
      assert.equal(events.metadata["guest_token"], told[number]!.header("x-guest-token"));
    });
    for (const name of ["x-session-id", "x-stream-id", "x-guest-token", "x-request-id"]) {
      assert.equal(new Set(told.map(({ header }) => header(name))).size, STREAMS, name);
    }

    const stored = await backend.rows("messages", { role: "assistant" });
    const replies = new Map(stored.map((row) => [row["session_id"], row]));
    conversations.forEach(({ pieces }, number) => {
      const reply = replies.get(told[number]!.header("x-session-id"));
      assert.equal(reply?.["content"], pieces.join(""), `story ${number} is stored`);
      assert.equal(reply?.["is_complete"], true);
    });
    assert.deepEqual(await backend.rows("generations", { status: "streaming" }), []);
    assert.deepEqual(await backend.rows("generation_chunks"), []);
    assert.ok(backend.model.count === STREAMS + 1, "each was asked for once");

    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    context.diagnostic(
      `${STREAMS} streams were open after ${seconds(openedMs - beganMs)} s, and told after ` +
        `${seconds(endedMs - openedMs)} s more: ${STREAMS * PIECES} pieces`,
    );
    if (before !== undefined && idle !== undefined && peak !== undefined) {
      const each = (kilobytes: number) => Math.round((kilobytes - before) / STREAMS);
      context.diagnostic(
        `workerd's resident memory: ${before} KB before, ${idle} KB with all open, ${peak} KB at its ` +
          `peak, ${afterwards} KB after; ${each(idle)} KB an open stream, ${each(peak)} KB at the peak`,
      );
    }
    assertDiscreetLog(stack);
  });

  // The same module and host, in this process, where its memory can be looked at.
  test("the memory that an instance declares", async (context) => {
    const module = new WebAssembly.Module(readFileSync(join(root, "build/cloudflare/chat.wasm")));
    let memory: WebAssembly.Memory | undefined;
    const turn = async (text: string, headers: Record<string, string> = {}, session_id?: string) => {
      const request = new Request(`${stack.functions.url}/functions/v1/chat`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ text, session_id }),
      });
      const Instance = WebAssembly.Instance;
      WebAssembly.Instance = class extends Instance {
        constructor(...parameters: ConstructorParameters<typeof Instance>) {
          super(...parameters);
          memory = this.exports["memory"] as WebAssembly.Memory;
        }
      };
      try {
        const answering = handleRequest(module, request, {
          environment: (name) => stack.environment[name],
          waitUntil: () => {},
          traits: 0,
          log: () => {},
        });
        const response = await answering;
        assert.equal(response.status, 200);
        const events = await readEvents(response);
        assert.deepEqual(events.ending, ["metadata", "done"]);
        return { events, kilobytes: memory!.buffer.byteLength / 1024 };
      } finally {
        WebAssembly.Instance = Instance;
      }
    };

    backend.model.tell("A short one, please.", invent(0).pieces);
    const short = await turn("A short one, please.");
    const { session_id, guest_token } = short.events.metadata;
    const headers = { authorization: `Bearer ${guest_token}` };
    backend.secrets.add(guest_token);
    // Three turns make a history of 60 KB.
    for (let number = 0; number < 3; number += 1) {
      const prompt = `Part ${number}: ${"a long long story ".repeat(555)}`;
      backend.model.tell(prompt, ["and so on, and so on ".repeat(476)]);
      await turn(prompt, headers, session_id);
    }
    backend.model.tell("And now a short one.", invent(1).pieces);
    const long = await turn("And now a short one.", headers, session_id);
    const { messages } = (await backend.model.reply("And now a short one.")).request;
    const history = messages.reduce((sum, { content }) => sum + content.length, 0);
    context.diagnostic(
      `declared by an instance: ${short.kilobytes} KB for a first turn of ${PIECES} pieces, ` +
        `${long.kilobytes} KB with ${Math.round(history / 1024)} KB of history`,
    );
    assert.ok(short.kilobytes <= 256, `${short.kilobytes} KB`);
  });
});
