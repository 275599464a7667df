// Connections that stop working without an end, and properties of a socket that only show over
// time.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { residentKilobytes } from "./process_memory.ts";
import { RawSocket } from "./raw_socket.ts";
import { PROTOCOL, SocketClient, socketUrl } from "./socket.ts";
import { onBothRuntimes } from "./stack.ts";
import { signUp } from "./supabase.ts";
import { hs256, nowInSeconds, userClaims } from "./tokens.ts";
import { until } from "./wait.ts";

const UNACKNOWLEDGED_BYTES = 64 * 1024;
const LONGEST_STALL_MS = 30_000;
const SLOW_CLIENTS = 20;
const MOST_GROWTH_KILOBYTES = 60 * 1024;

onBothRuntimes("stalls", (stack) => {
  const title = (words: string) => `${words} (${stack().runtime})`;
  /** 400 KB in pieces, as fast as they are taken. */
  const scriptMuch = (prompt: string) =>
    stack().backend.model.tell(prompt, Array.from({ length: 400 }, () => "much to read ".repeat(80)));

  // At once, because each takes its time.
  describe("side by side", { concurrency: true }, () => {
    test("two pings without an answer end a connection that is only half there", async () => {
      const url = socketUrl(stack(), randomUUID());
      const raw = await RawSocket.open(url, { "sec-websocket-protocol": PROTOCOL });
      raw.say({ type: "hello" });
      const beganMs = performance.now();
      const closed = await raw.ended(120_000);
      const elapsed_ms = performance.now() - beganMs;
      // Deno ends it by its own pings, which such a client does not answer either.
      assert.ok([1001, 1006].includes(closed.code), `${closed.code} ${closed.reason}`);
      assert.ok(elapsed_ms > 20_000 && elapsed_ms < 100_000, `${elapsed_ms} ms`);
    });

    test("a client that answers the protocol's pings and no others is gone too", async () => {
      const client = await SocketClient.open(stack(), randomUUID(), { answersPings: false, acknowledges: false });
      assert.deepEqual(await client.ended(120_000), { code: 1001, reason: "no_answer" });
      assert.equal(client.of("ping").length, 2);
    });

    test("a client that says nothing at all is closed after ten seconds", async () => {
      const silent = new SocketClient(stack(), randomUUID());
      await silent.whenOpen();
      const beganMs = performance.now();
      assert.deepEqual(await silent.ended(), { code: 1008, reason: "hello_expected" });
      assert.ok(performance.now() - beganMs > 8_000);
    });

    test("a client that answers them stays", async () => {
      const client = await SocketClient.open(stack(), randomUUID());
      await until("a second ping", () => client.of("ping").length === 2, 90_000);
      assert.equal(client.closed, undefined);
      await client.leave();
    });

    test("clients that acknowledge nothing: at most 64 KB each, then 1013, and the replies are stored", async (context) => {
      const { token } = await signUp(stack());
      const before = residentKilobytes(stack().functions.processId);
      const names = Array.from({ length: SLOW_CLIENTS }, () => randomUUID());
      const clients = await Promise.all(
        names.map((name) => SocketClient.open(stack(), name, { token, acknowledges: false })),
      );
      const beganMs = performance.now();
      for (const [number, client] of clients.entries()) {
        const prompt = title(`Tell me much, number ${number}.`);
        scriptMuch(prompt);
        client.say("m1", prompt);
      }
      let peak = 0;
      const sampler = setInterval(() => {
        peak = Math.max(peak, residentKilobytes(stack().functions.processId) ?? 0);
      }, 500);
      for (const client of clients) {
        const { code, reason } = await client.ended(90_000);
        assert.deepEqual([code, reason], [1013, "too_slow"]);
        // The message that was being sent when the limit was reached is included.
        assert.ok(client.receivedBytes <= UNACKNOWLEDGED_BYTES + 40 * 1024, `${client.receivedBytes} bytes`);
      }
      clearInterval(sampler);
      assert.ok(performance.now() - beganMs >= LONGEST_STALL_MS);
      context.diagnostic(`the process: ${before} KB before, ${peak} KB at its peak with ${SLOW_CLIENTS} slow clients`);
      if (before !== undefined) assert.ok(peak - before < MOST_GROWTH_KILOBYTES, `${peak - before} KB`);
      const [session] = await stack().backend.rows("sessions", { external_id: names[0]! });
      const reply = await until(
        "the reply's end",
        async () => {
          const [, found] = await stack().backend.messages(session!["session_id"] as string);
          return found?.["status"] === "complete" && found;
        },
        60_000,
      );
      assert.equal((reply["content"] as string).length, 400 * 80 * "much to read ".length);
    });

    test("a client that acknowledges late is waited for, and has every byte", async () => {
      const { token } = await signUp(stack());
      const client = await SocketClient.open(stack(), randomUUID(), { token, acknowledges: false });
      const prompt = title("Tell me much, slowly.");
      scriptMuch(prompt);
      client.say("m1", prompt);
      for (let told = -1; client.of("done", "m1").length === 0; ) {
        await delay(300);
        assert.equal(client.closed, undefined);
        if (client.receivedBytes === told) await delay(200);
        told = client.receivedBytes;
        client.send({ type: "ack", bytes: told });
      }
      assert.equal(client.reply("m1").length, 400 * 80 * "much to read ".length);
      await client.leave();
    });

    test("a token that ends while the socket is open: the next message is refused, then 1008", async () => {
      const person = await signUp(stack());
      // Half a minute of the clocks' difference is allowed.
      const claims = userClaims(person.id, { exp: nowInSeconds() + 2 });
      const token = hs256(claims, stack().backend.keys.jwtSecret);
      stack().backend.secrets.add(token);
      const client = await SocketClient.open(stack(), randomUUID(), { token });
      const prompt = title("Before the end.");
      stack().backend.model.script(prompt, async (reply) => {
        reply.text("It goes on ");
        await delay(35_000);
        reply.text("to its end.");
        reply.finish();
      });
      client.say("m1", prompt);
      await client.told("token", "m1");
      await delay(34_000);
      client.say("m2", title("After the end."));
      const error = await client.told("error", "m2");
      assert.equal(error["code"], "token_expired");
      assert.deepEqual(await client.ended(), { code: 1008, reason: "token_expired" });
      const { user_message_id } = client.of("accepted", "m1")[0]!;
      const stored = await until("the running reply", async () => {
        const [reply] = await stack().backend.rows("messages", { parent_id: user_message_id });
        return reply?.["status"] === "complete" && reply;
      });
      assert.equal(stored["content"], "It goes on to its end.");
    });

    test("an idle tab sees another's turn within thirty seconds", async () => {
      const { token } = await signUp(stack());
      const name = randomUUID();
      const [first, second] = [
        await SocketClient.open(stack(), name, { token }),
        await SocketClient.open(stack(), name, { token }),
      ];
      const prompt = title("Somebody else says this.");
      stack().backend.model.tell(prompt, ["And this is the answer."]);
      first.say("a1", prompt);
      await first.told("done", "a1");
      const beganMs = performance.now();
      await until("both events", () => second.events.length === 2, 30_000 - (performance.now() - beganMs));
      await first.leave();
      await second.leave();
    });
  });
});
