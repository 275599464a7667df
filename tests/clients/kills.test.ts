// Replies whose process is killed in the middle: each loses at most a second's text, and every reader learns
// its end, and how much of it is stored, within 15 seconds.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isLongRing } from "../ring.ts";
import type { Backend } from "./backend.ts";
import { EventReader, postChat } from "./chat.ts";
import { startParts } from "./parts.ts";
import { RUNTIMES, Stack } from "./stack.ts";
import { until } from "./wait.ts";

const STREAMS = isLongRing ? 50 : 5;
const GAP_MS = 20;
const LONGEST_LOSS_MS = 1_000;
const LONGEST_SILENCE_MS = 15_000;
const LONGEST_MS = 120_000;

/** A reply that the model writes without an end. */
class Telling {
  readonly prompt: string;
  /** The bytes that were sent up to each moment, oldest first. */
  readonly #sent: { atMs: number; bytes: number }[] = [];
  text = "";
  streamId = "";
  token = "";
  knownBytes = 0;

  constructor(prompt: string) {
    this.prompt = prompt;
  }

  sent(words: string): void {
    this.text += words;
    this.#sent.push({ atMs: performance.now(), bytes: Buffer.byteLength(this.text) });
  }

  bytesAt(moment_ms: number): number {
    return this.#sent.findLast(({ atMs }) => atMs <= moment_ms)?.bytes ?? 0;
  }

  /** For how long before this time the model had been writing the text beyond these bytes. */
  lostMs(moment_ms: number, stored_bytes: number): number {
    const first = this.#sent.find(({ bytes }) => bytes > stored_bytes);
    return first === undefined ? 0 : Math.max(moment_ms - first.atMs, 0);
  }
}

function summary(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const round = (value: number) => Math.round(value);
  return `median ${round(sorted[sorted.length >> 1]!)}, worst ${round(sorted.at(-1)!)}`;
}

describe("replies whose process is killed", () => {
  let backend: Backend;
  const parts = startParts(async (parts) => void ({ backend } = await parts.startBackend()));

  for (const runtime of RUNTIMES) {
    test(`${STREAMS} streams on ${runtime}`, { timeout: LONGEST_MS }, async (context) => {
      const stack = parts.add(await Stack.start(runtime, backend));
      const tellings = Array.from({ length: STREAMS }, (_, number) => new Telling(`Story ${number} (${runtime})`));
      for (const telling of tellings) {
        backend.model.script(telling.prompt, async (reply) => {
          for (let number = 0; !reply.isClosed; number += 1) {
            const words = `${number % 9 === 0 ? "狐" : "word"}${number} `;
            reply.text(words);
            telling.sent(words);
            await delay(GAP_MS);
          }
        });
      }
      const reading = tellings.map(async (telling) => {
        const response = await postChat(stack, { text: telling.prompt });
        assert.equal(response.status, 200);
        telling.streamId = response.headers.get("x-stream-id")!;
        telling.token = response.headers.get("x-guest-token")!;
        backend.secrets.add(telling.token);
        const reader = new EventReader(response);
        try {
          await reader.readUntil(({ text }) => {
            telling.knownBytes = Buffer.byteLength(text);
            return false;
          });
        } catch {
          // The connection breaks with the process.
        }
      });
      await until("all streams tell", () => tellings.every(({ knownBytes }) => knownBytes > 0), LONGEST_MS / 2);
      await delay(4_000 + Math.random() * 1_000);

      const killedMs = performance.now();
      await stack.killFunctions();
      await Promise.all(reading);

      const ends = await Promise.all(
        tellings.map(async ({ prompt, streamId, token, knownBytes }) => {
          // Like a client that was told when to reconnect.
          for (;;) {
            const response = await fetch(`${stack.url}/functions/v1/chat/streams/${streamId}?after=${knownBytes}`, {
              headers: { authorization: `Bearer ${token}` },
            });
            assert.equal(response.status, 200);
            const reader = new EventReader(response);
            if (await reader.readUntil(({ error }) => "code" in error)) {
              return { error: reader.events.error, toldMs: performance.now() - killedMs };
            }
            assert.ok(performance.now() - killedMs < LONGEST_MS / 2, `${prompt} has no end`);
            await delay(1_000);
          }
        }),
      );

      const rows = new Map((await backend.rows("generations")).map((row) => [row["stream_id"], row]));
      const lost_ms: number[] = [];
      const lost_bytes: number[] = [];
      for (const [number, telling] of tellings.entries()) {
        const { error } = ends[number]!;
        const row = rows.get(telling.streamId)!;
        const [, reply] = await backend.messages(row["session_id"] as string);
        const stored = reply!["content"] as string;
        const storedBytes = Buffer.byteLength(stored);
        assert.ok(telling.text.startsWith(stored), `${telling.prompt}: what is stored is what was written`);
        assert.deepEqual([row["status"], reply!["is_complete"]], ["interrupted", false]);
        assert.deepEqual([error["code"], error["retryable"]], ["interrupted", true]);
        assert.equal(error["user_message_id"], row["user_message_id"]);
        // Sent only if it is less than this reader has.
        const told = storedBytes < telling.knownBytes ? storedBytes : undefined;
        assert.equal(error["stored_bytes"], told, telling.prompt);
        lost_ms.push(telling.lostMs(killedMs, storedBytes));
        lost_bytes.push(Math.max(telling.bytesAt(killedMs) - storedBytes, 0));
      }
      context.diagnostic(`text lost: ms ${summary(lost_ms)}; bytes ${summary(lost_bytes)}`);
      context.diagnostic(`told the end, ms after the kill: ${summary(ends.map(({ toldMs }) => toldMs))}`);
      assert.ok(Math.max(...lost_ms) <= LONGEST_LOSS_MS, `${Math.max(...lost_ms)} ms of a reply are lost`);
      const latestMs = Math.max(...ends.map(({ toldMs }) => toldMs));
      assert.ok(latestMs <= LONGEST_SILENCE_MS, `an end is told after ${latestMs} ms`);
    });
  }
});
