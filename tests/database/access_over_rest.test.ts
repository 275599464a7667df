// What people can do directly over Supabase REST, on the embedded Supabase: read what is theirs.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { PUBLISHABLE_KEY, SECRET_KEY, startRestTarget, type RestTarget } from "./rest_target.ts";
import type { Row } from "./target.ts";
import { begin, finish, newTokenHash, say } from "./turns.ts";

const ISSUER = "http://127.0.0.1:54321/auth/v1";
const READABLE = ["projects", "dossiers", "sessions", "messages"];
const HIDDEN = ["principals", "generations", "generation_chunks"];

interface Person {
  client: SupabaseClient;
  token: string;
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
    token: data.session.access_token,
    turn: await say(target, principal, "Who?", "A fox."),
  };
}

function request(
  path: string,
  init: RequestInit & { headers: Record<string, string> },
): Promise<Response> {
  const headers = { "content-type": "application/json", ...init.headers };
  return fetch(`${target.url}/rest/v1/${path}`, { ...init, headers });
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

test("nobody reads without being signed in", async () => {
  const headers = { apikey: PUBLISHABLE_KEY };
  for (const table of [...READABLE, ...HIDDEN]) {
    const asBearer = { ...headers, authorization: `Bearer ${PUBLISHABLE_KEY}` };
    for (const credentials of [headers, asBearer]) {
      const response = await request(table, { headers: credentials });
      assert.equal(response.status, 401, table);
      assert.equal(((await response.json()) as Row)["code"], "42501");
    }
    assert.equal(
      (await request(table, { headers: {} })).status,
      401,
      "not even on loopback without a key",
    );
  }
});

test("principals, generations and chunks are not readable by anybody signed in", async () => {
  for (const table of HIDDEN) {
    const { data, error, status } = await ana.client.from(table).select("*");
    assert.deepEqual([data, status, error?.code], [null, 403, "42501"], table);
  }
});

test("people write nothing directly", async () => {
  const id = ana.turn["message_id"];
  const forged = { owner_id: ana.turn["user_id"] };
  for (const table of [...READABLE, "generations"]) {
    const refused = [
      ana.client.from(table).insert(forged),
      ana.client.from(table).upsert(forged),
      ana.client.from(table).update(forged).eq("owner_id", ana.turn["user_id"]),
      ana.client.from(table).delete().eq("owner_id", ana.turn["user_id"]),
    ];
    for (const { error, status } of await Promise.all(refused)) {
      assert.deepEqual([status, error?.code], [403, "42501"], `${table}: ${error?.message}`);
    }
  }
  const { error } = await ana.client
    .from("messages")
    .update({ content: "forged" })
    .eq("message_id", id);
  assert.equal(error?.code, "42501");
  const [message] = await target.select("messages", { message_id: id });
  assert.equal(message!["content"], "A fox.");
});

test("engine functions are the edge's alone", async () => {
  const credentials: [number, Record<string, string>][] = [
    [401, { apikey: PUBLISHABLE_KEY }],
    [401, { apikey: PUBLISHABLE_KEY, authorization: `Bearer ${PUBLISHABLE_KEY}` }],
    [403, { apikey: PUBLISHABLE_KEY, authorization: `Bearer ${ana.token}` }],
  ];
  const principal = { kind: "user", issuer: ISSUER, subject: ana.turn["user_id"] };
  for (const name of ["begin_turn", "append_chunk", "finish_turn"]) {
    for (const [status, headers] of credentials) {
      const body = JSON.stringify({ request: { principal, kind: "chat", text: "x" } });
      const response = await request(`rpc/${name}`, { method: "POST", headers, body });
      assert.equal(response.status, status, name);
      assert.equal(((await response.json()) as Row)["code"], "42501");
    }
  }
});

test("internal functions cannot be called over REST at all", async () => {
  for (const name of [
    "act_as",
    "current_principal",
    "align_grants_with_policies",
    "close_generation",
  ]) {
    const response = await request(`rpc/${name}`, {
      method: "POST",
      headers: { apikey: SECRET_KEY },
      body: "{}",
    });
    assert.equal(response.status, 404, name);
    const inSchema = await request(`rpc/${name}`, {
      method: "POST",
      headers: { apikey: SECRET_KEY, "content-profile": "private" },
      body: "{}",
    });
    assert.equal(inSchema.status, 406, name);
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
