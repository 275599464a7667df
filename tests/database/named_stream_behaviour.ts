// Streams that their caller has named: the same request continues one, another request is refused,
// in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newRequestHash } from "./actions.ts";
import { newBot, relay } from "./bots.ts";
import { ask } from "./lists.ts";
import type { Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, refusal, say } from "./turns.ts";

export function describeNamedStreams(target: () => Target): void {
  const named = () => ({ ...relay, stream_id: "my stream", request_hash: newRequestHash() });

  test("the same request under its stream id is answered with its turn", async () => {
    const user = newUser();
    const { bot_id } = await newBot(target(), user);
    const rate_limit = { action: "relay", max_requests: 1, window_seconds: 3600 };
    const request = { ...named(), external_id: "456", bot_id, rate_limit };
    const { bot, rate, ...first } = await begin(target(), user, request);
    const replay = (status: string) => ({ ...first, replayed: true, history: [], status });
    assert.deepEqual(await begin(target(), user, request), replay("streaming"));
    await append(target(), first, 0, "There was ");
    await finish(target(), first, { from_offset: 10, text: "a fox." });
    await ask(target(), user, "delete_bot", { bot_id });
    assert.deepEqual(await begin(target(), user, request), replay("complete"));
    assert.equal((await messagesOf(target(), first)).length, 2);
  });

  test("another request, and one that does not say what it is, are refused", async () => {
    const user = newUser();
    const request = named();
    const { session_id } = await say(target(), user, "Who?", "A fox.", request);
    for (const changes of [
      named(),
      { ...named(), session_id },
      { ...request, request_hash: null },
      { ...request, request_hash: newRequestHash(), idempotency_key: "key" },
    ]) {
      await assert.rejects(begin(target(), user, changes), refusal(409, "stream_exists"));
    }
    const unhashed = { ...relay, stream_id: "unhashed" };
    await begin(target(), user, unhashed);
    for (const request_hash of [null, newRequestHash()]) {
      await assert.rejects(
        begin(target(), user, { ...unhashed, request_hash }),
        refusal(409, "stream_exists"),
      );
    }
    assert.equal((await begin(target(), newUser(), request))["replayed"], false);
  });

  test("a stream of a deleted conversation is not found under its name", async () => {
    const user = newUser();
    const request = named();
    const { session_id } = await say(target(), user, "Who?", "A fox.", request);
    await ask(target(), user, "delete_session", { session_id });
    await assert.rejects(begin(target(), user, request), refusal(404, "not_found"));
  });

  test("a key and a stream id name the same turn", async () => {
    const user = newUser();
    const request = { ...named(), idempotency_key: "key" };
    const first = await begin(target(), user, request);
    for (const changes of [
      { idempotency_key: null },
      { stream_id: null },
      { stream_id: "another" },
      { idempotency_key: "another" },
    ]) {
      const again = await begin(target(), user, { ...request, ...changes });
      assert.deepEqual(
        [again["replayed"], again["generation_id"], again["stream_id"]],
        [true, first["generation_id"], "my stream"],
      );
    }
  });

  test("a stream id has 1 to 128 characters, and its hash is one", async () => {
    const user = newUser();
    for (const changes of [
      { stream_id: "" },
      { stream_id: "é".repeat(129) },
      { request_hash: "abc" },
      { request_hash: newRequestHash().toUpperCase().replace(/\d/, "A") },
    ]) {
      await assert.rejects(
        begin(target(), user, { ...named(), ...changes }),
        refusal(422, "invalid_request"),
      );
    }
    await begin(target(), user, { ...named(), stream_id: "é".repeat(128) });
  });
}
