// Direct use of Supabase REST, with supabase-js: people read their own rows. rest_access.test.ts tests
// what is forbidden.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { PUBLISHABLE_KEY, startRestTarget, type RestTarget } from "./rest_target.ts";
import type { Row } from "./target.ts";
import { begin, finish, newTokenHash, say } from "./turns.ts";

const ISSUER = "http://127.0.0.1:54321/auth/v1";

interface Person {
  client: SupabaseClient;
  turn: Row;
}

let target: RestTarget;
let ana: Person;
let bob: Person;
let guestTurn: Row;

before(async () => {
  target = await startRestTarget(process.cwd());
  ana = await signUp();
  bob = await signUp();
  guestTurn = await say(
    target,
    { kind: "new_guest", token_hash: newTokenHash() },
    "Guest?",
    "Guest.",
  );
});
after(() => target.stop());

async function signUp(): Promise<Person> {
  const client = createClient(target.url, PUBLISHABLE_KEY, {
    auth: { persistSession: false },
    // Node 20 has no WebSocket, without which the client is not even made.
    realtime: { transport: class {} as never },
  });
  const email = `${randomBytes(6).toString("hex")}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: "a long password" });
  assert.equal(error, null);
  assert.ok(data.session, "signing up gives a session at once");
  const principal = { kind: "user", issuer: ISSUER, subject: data.session.user.id };
  return {
    client,
    turn: await say(target, principal, "Who?", "A fox."),
  };
}

test("people read their own projects, sessions and messages, and no others", async () => {
  for (const { client, turn } of [ana, bob]) {
    for (const [table, count] of [
      ["projects", 1],
      ["sessions", 1],
      ["messages", 2],
    ] as const) {
      const { data, error } = await client.from(table).select("*");
      assert.equal(error, null);
      assert.equal(data!.length, count, table);
      assert.ok(
        data!.every((row) => row.owner_id === turn["user_id"]),
        table,
      );
    }
    const { data } = await client
      .from("messages")
      .select("role, content, is_complete")
      .order("position");
    assert.deepEqual(data, [
      { role: "user", content: "Who?", is_complete: true },
      { role: "assistant", content: "A fox.", is_complete: true },
    ]);
  }
  for (const turn of [bob.turn, guestTurn]) {
    const { data } = await ana.client
      .from("messages")
      .select("*")
      .eq("session_id", turn["session_id"]);
    assert.deepEqual(data, []);
  }
});

test("the log has what was refused, without anybody's text", async () => {
  const principal = { kind: "user", issuer: ISSUER, subject: ana.turn["user_id"] };
  const { session_id } = ana.turn;
  const turn = await begin(target, principal, { session_id, text: "a secret text" });
  await assert.rejects(begin(target, principal, { session_id, text: "another secret text" }));
  await finish(target, turn, { text: "a secret reply" });
  const log = target.log.join("\n");
  assert.match(log, /PT409 turn_in_progress/);
  assert.doesNotMatch(log, /secret text|secret reply/);
});
