// Clients that send their body a byte at a time, or never: they are refused in time, on both runtimes, and
// nothing of their request is done.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { onBothRuntimes, type Stack } from "./stack.ts";
import { signUp } from "./supabase.ts";

const LONGEST_MS = 120_000;
const BYTES = 1_000;

interface Answer {
  status: number;
  body: Record<string, unknown>;
  elapsedMs: number;
}

/** Promises a body of BYTES, and sends a byte of it now and then; `gap_ms` undefined: nothing. */
function send(stack: Stack, token: string, gap_ms: number | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const beganMs = performance.now();
    const sending = request(`${stack.functions.url}/functions/v1/chat`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": BYTES,
      },
    });
    const timer = gap_ms === undefined ? undefined : setInterval(() => sending.write("{"), gap_ms);
    sending.on("error", reject);
    sending.on("response", (response) => {
      clearInterval(timer);
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, body, elapsedMs: performance.now() - beganMs });
        sending.destroy();
      });
    });
    sending.flushHeaders();
  });
}

onBothRuntimes("a body that does not come", (stack) => {
  test("408, after 15 seconds of silence or a minute", { timeout: LONGEST_MS }, async (context) => {
    const { token } = await signUp(stack());
    const generations = async () => (await stack().backend.rows("generations")).length;
    const before = await generations();
    const [none, slowest, slow] = await Promise.all([
      send(stack(), token, undefined),
      send(stack(), token, 60_000),
      send(stack(), token, 5_000),
    ]);
    for (const [answer, after_ms] of [[none, 15_000], [slowest, 15_000], [slow, 60_000]] as const) {
      assert.deepEqual([answer.status, answer.body["code"]], [408, "request_timeout"], JSON.stringify(answer));
      assert.match(answer.body["detail"] as string, /Nothing was done; send the request again\.$/);
      context.diagnostic(`${answer.elapsedMs} ms`);
      assert.ok(Math.abs(answer.elapsedMs - after_ms) < 2_000, `answered after ${answer.elapsedMs} ms`);
    }
    assert.equal(await generations(), before);
  });
});
