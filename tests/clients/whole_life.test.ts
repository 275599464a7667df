// A whole life, step after step: a guest, an account, conversations that branch, and the end of all
// of it; with supabase-js and with plain fetch. After each step the tables are looked at, all of them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { APIS, type Account, type Answer, type Api, type Streamed } from "./api.ts";
import { root, TABLES, type Row, type Table } from "./backend.ts";
import { Ledger } from "./ledger.ts";
import type { Message } from "./scripted_model.ts";
import { onBothRuntimes, type Stack } from "./stack.ts";
import { anonymousClient } from "./supabase.ts";

const TURN: readonly Table[] = ["sessions", "messages", "generations", "usage"];
const NEW_SESSION: readonly Table[] = [...TURN, "projects", "dossiers"];
const OWNED = ["projects", "dossiers", "sessions", "messages", "generations", "usage"] as const;

test("every table of the migrations is looked at", () => {
  const folder = join(root, "supabase/migrations");
  const sql = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  const made = [...sql.join("\n").matchAll(/^create table public\.(\w+)/gm)].map(([, name]) => name!);
  assert.deepEqual(made.sort(), [...TABLES].sort());
});

onBothRuntimes("a whole life", (stack) => {
  for (const Way of APIS) describe(`with ${Way.title}`, () => live(stack, (at) => new Way(at), Way.title));
});

function live(stack: () => Stack, makeApi: (stack: Stack) => Api, title: string): void {
  let api: Api;
  let ledger: Ledger;
  before(() => {
    api = makeApi(stack());
    ledger = new Ledger(stack().backend);
  });

  const backend = () => stack().backend;
  const words = (text: string) => `${text} (${stack().runtime}, ${title})`;

  let guestToken: string;
  let guestId: string;
  let account: Account;
  let projectId: string;
  let sessionId: string;
  /** The metadata of the turns, by what they were. */
  const turns: Record<string, Row> = {};
  /** What the model was sent for them. */
  const sent: Record<string, Message[]> = {};

  /** A turn that the model answers with the reply, and its row. */
  async function turn(
    name: string,
    path: string,
    body: Row,
    reply: string,
    tables: readonly Table[] = TURN,
  ): Promise<Streamed> {
    const { model } = backend();
    model.scriptOthers((answer) => {
      answer.text(reply.slice(0, 5));
      answer.text(reply.slice(5));
      answer.finish();
    });
    const asked = model.count;
    const told = await ledger.changes(tables, () => api.stream(path, body));
    assert.equal(model.count, asked + 1);
    assert.equal(told.events.text, reply);
    assert.deepEqual(told.events.ending, ["metadata", "done"]);
    turns[name] = told.events.metadata;
    sent[name] = model.newest.request.messages;
    const [generation] = await backend().rows("generations", { stream_id: turns[name]!["stream_id"] });
    assert.deepEqual([generation!["status"], generation!["message_id"]], ["complete", turns[name]!["message_id"]]);
    const [usage] = await backend().rows("usage", { generation_id: generation!["generation_id"] });
    assert.deepEqual([usage!["owner_id"], usage!["input_tokens"], usage!["output_tokens"]], [generation!["owner_id"], 11, 7]);
    return told;
  }

  async function get(path: string): Promise<Answer> {
    const answer = await ledger.reads(() => api.call("GET", path));
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer;
  }

  /** The texts on the path to the session's leaf. */
  async function conversation(): Promise<string[]> {
    const { body } = await get(`sessions/${sessionId}/messages?order=asc`);
    return (body as Row[]).map(({ content }) => content);
  }

  async function message(messageId: string): Promise<Row> {
    const [row] = await backend().rows("messages", { message_id: messageId });
    return row!;
  }

  test("a guest has a conversation", async () => {
    const opening = words("There is a door in the sea.");
    const first = await turn("first", "chat", { text: opening }, "Who found it?", ["principals", ...NEW_SESSION]);
    guestToken = first.headers.get("x-guest-token")!;
    backend().secrets.add(guestToken);
    api.guestToken = guestToken;
    ({ user_id: guestId, session_id: sessionId, project_id: projectId } = turns["first"] as any);
    await turn("second", "chat", { text: words("A keeper."), session_id: sessionId }, "What did she want?");
    await turn("third", "chat", { text: words("To sleep."), session_id: sessionId }, "And what stopped her?");
    assert.deepEqual(ledger.counts(guestId, ...OWNED), [1, 1, 1, 6, 3, 3]);
    assert.deepEqual(sent["third"]!.slice(1).map(({ content }) => content), [
      ...[opening, "Who found it?", words("A keeper."), "What did she want?", words("To sleep.")],
    ]);
    const { body, headers } = await get("sessions");
    assert.deepEqual([headers.get("x-total-count"), headers.get("content-range")], ["1", "0-0/1"]);
    assert.deepEqual([body[0].message_count, body[0].last_message_preview], [6, "And what stopped her?"]);
    assert.deepEqual(await conversation(), [
      ...[opening, "Who found it?", words("A keeper."), "What did she want?"],
      ...[words("To sleep."), "And what stopped her?"],
    ]);
  });

  test("signs up, and gives itself a name", async () => {
    account = await ledger.reads(() => api.signUp());
    const saved = await ledger.changes(["principals", "profiles"], () =>
      api.call("POST", "users", { body: { display_name: "Mara", email: account.email } }),
    );
    assert.equal(saved.status, 201);
    assert.deepEqual([saved.body.user_id, saved.body.kind, saved.body.email], [account.id, "user", account.email]);
    const [profile] = await backend().rows("profiles", { owner_id: account.id });
    assert.deepEqual([profile!["display_name"], profile!["email"]], ["Mara", account.email]);
    assert.deepEqual((await get("users/me")).body, saved.body);
  });

  test("takes along what it said as a guest", async () => {
    const body = { temp_user_id: guestId, permanent_user_id: account.id, guest_token: guestToken };
    const migrate = () => api.call("POST", "sessions/migrate", { body });
    const first = await ledger.changes(["principals", ...NEW_SESSION], migrate);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.deepEqual(first.body.migrated, { projects: 1, sessions: 1, messages: 6, dossiers: 1 });
    assert.equal(first.body.already, false);
    assert.deepEqual(ledger.counts(account.id, ...OWNED), [1, 1, 1, 6, 3, 3]);
    assert.deepEqual(ledger.counts(guestId, ...OWNED), [0, 0, 0, 0, 0, 0]);
    const again = await ledger.reads(migrate);
    assert.deepEqual([again.status, again.body.already], [200, true]);

    api.guestToken = guestToken;
    const refused = await ledger.reads(() => api.call("GET", "sessions"));
    assert.deepEqual([refused.status, refused.body.code], [401, "invalid_token"]);
    api.guestToken = undefined;
  });

  test("lists what it has, here and over REST", async () => {
    const sessions = await get("sessions");
    assert.deepEqual(sessions.body.map((row: Row) => row["session_id"]), [sessionId]);
    assert.equal(sessions.body[0].user_id, account.id);
    const projects = await get("projects");
    assert.deepEqual(projects.body.map((row: Row) => [row["project_id"], row["session_count"]]), [[projectId, 1]]);
    assert.equal((await get(`sessions/${sessionId}/messages`)).body.length, 6);
    const dossiers = await get("dossier");
    assert.deepEqual(dossiers.body.map((row: Row) => [row["project_id"], row["version"]]), [[projectId, 0]]);
    const dossier = await get(`dossier/${projectId}`);
    const [stored] = await backend().rows("dossiers", { project_id: projectId });
    assert.deepEqual(dossier.body.snapshot_json, stored!["snapshot_json"]);
    assert.deepEqual(dossier.body.snapshot_json.characters, []);
    for (const table of OWNED.filter((name) => name !== "generations")) {
      const own = await ledger.reads(() => api.select(table));
      const rows = await backend().rows(table, { owner_id: account.id });
      assert.deepEqual(own.map((row) => JSON.stringify(row)).sort(), rows.map((row) => JSON.stringify(row)).sort());
    }
  });

  for (const [kind, id, field] of [
    ["sessions", () => sessionId, "title"],
    ["projects", () => projectId, "name"],
  ] as const) {
    test(`gives one of its ${kind} another name, once and on the version it has read`, async () => {
      const path = `${kind}/${id()}`;
      const read = await get(path);
      const etag = read.headers.get("etag")!;
      const unchanged = await ledger.reads(() => api.call("GET", path, { headers: { "if-none-match": etag } }));
      assert.deepEqual([unchanged.status, unchanged.body], [304, undefined]);

      const rename = (name: string) => () =>
        api.call("PATCH", path, { body: { [field]: name }, headers: { "if-match": etag } });
      const renamed = await ledger.changes([kind], rename(words("The door")));
      assert.deepEqual([renamed.status, renamed.body[field]], [200, words("The door")]);
      const late = await ledger.reads(rename("Too late"));
      assert.deepEqual([late.status, late.body.code], [412, "precondition_failed"]);

      const again = await ledger.reads(() => api.call("GET", path, { headers: { "if-none-match": etag } }));
      assert.deepEqual([again.status, again.body], [200, renamed.body]);
      assert.equal(again.headers.get("etag"), renamed.headers.get("etag"));
      const key = kind === "sessions" ? "session_id" : "project_id";
      const [row] = await backend().rows(kind, { [key]: id() });
      assert.equal(row![field], words("The door"));
    });
  }

  test("says something else than it said before", async () => {
    const body = { text: words("A fish."), edit_from_message_id: turns["second"]!["user_message_id"], session_id: sessionId };
    await turn("edited", "chat", body, "A fish with keys?");
    assert.equal((await message(turns["edited"]!["user_message_id"]))["parent_id"], turns["first"]!["message_id"]);
    const opening = words("There is a door in the sea.");
    assert.deepEqual(await conversation(), [opening, "Who found it?", words("A fish."), "A fish with keys?"]);
    assert.deepEqual(ledger.counts(account.id, ...OWNED), [1, 1, 1, 8, 4, 4]);
  });

  test("takes a second answer, and goes back to the first", async () => {
    const { message_id: firstTake, user_message_id } = turns["edited"] as any;
    await turn("again", `chat/messages/${firstTake}/regenerate`, {}, "A flying fish?");
    const secondTake = turns["again"]!["message_id"];
    assert.deepEqual([turns["again"]!["user_message_id"], sent["again"]], [user_message_id, sent["edited"]]);
    assert.equal((await conversation()).at(-1), "A flying fish?");
    const takes = async () => {
      const { body } = await get(`chat/messages/${firstTake}/takes`);
      return (body as Row[]).map((take) => [take["message_id"], take["take_number"], take["take_count"], take["is_active"]]);
    };
    assert.deepEqual(await takes(), [[firstTake, 1, 2, false], [secondTake, 2, 2, true]]);

    const select = () => api.call("POST", `chat/messages/${firstTake}/select`);
    const selected = await ledger.changes(["sessions"], select);
    assert.deepEqual(selected.body, { session_id: sessionId, message_id: firstTake, active_leaf_id: firstTake });
    assert.equal((await ledger.reads(select)).status, 200);
    assert.equal((await backend().rows("sessions", { session_id: sessionId }))[0]!["active_leaf_id"], firstTake);
    assert.equal((await conversation()).at(-1), "A fish with keys?");
    assert.deepEqual(await takes(), [[firstTake, 1, 2, true], [secondTake, 2, 2, false]]);
  });

  test("writes a part of a reply itself, and has it continued", async () => {
    const { message_id } = turns["edited"] as any;
    const content = words("A fish with a key, and");
    const edit = () => api.call("PATCH", `chat/messages/${message_id}`, { body: { content } });
    const edited = await ledger.changes(["messages", "message_revisions"], edit);
    assert.deepEqual([edited.status, edited.body.content, edited.body.metadata.is_edited], [200, content, true]);
    assert.deepEqual([(await message(message_id))["content"], (await message(message_id))["revision"]], [content, 2]);
    const revisions = await backend().rows("message_revisions", { message_id });
    assert.deepEqual(revisions.map((row) => row["content"]), ["A fish with keys?"]);

    await turn("continued", `chat/messages/${message_id}/continue`, {}, " the key fits.");
    const whole = await message(turns["continued"]!["message_id"]);
    assert.deepEqual([whole["content"], whole["parent_id"]], [`${content} the key fits.`, edited.body.parent_id]);
    assert.equal(whole["metadata"]["continued_from"], message_id);
    assert.deepEqual((await conversation()).slice(-2), [words("A fish."), `${content} the key fits.`]);
    assert.equal((await message(message_id))["content"], content, "the reply that was continued stays");
  });

  test("reads what the model was sent, byte by byte, whatever was changed since", async () => {
    await turn("last", "chat", { text: words("Does it?"), session_id: sessionId }, "It does.");
    for (const [name, { message_id, stream_id }] of Object.entries(turns)) {
      const { body } = await get(`chat/messages/${message_id}/context`);
      const [system, ...others] = sent[name]!;
      assert.equal(body.system_prompt, system!.content, name);
      assert.equal(system!.role, "system");
      const told = (body.messages as Row[]).map(({ role, content }) => ({ role, content }));
      assert.equal(JSON.stringify(told), JSON.stringify(others), name);
      assert.deepEqual([body.message_id, body.stream_id], [message_id, stream_id], name);
      assert.deepEqual([body.provider, body.model, body.tokens], ["local", "scripted", { in: 11, out: 7 }]);
    }
    const actions = await backend().rows("generations", { owner_id: account.id }, "epoch");
    assert.deepEqual(actions.map(({ action }) => action), ["say", "say", "say", "edit", "regenerate", "continue", "say"]);
  });

  test("deletes a session", async () => {
    const remove = () => api.call("DELETE", `sessions/${sessionId}`);
    assert.equal((await ledger.changes(["sessions"], remove)).status, 200);
    assert.equal((await backend().rows("sessions", { session_id: sessionId }))[0]!["is_active"], false);
    const { message_id } = turns["last"] as any;
    for (const path of [`sessions/${sessionId}`, `sessions/${sessionId}/messages`, `chat/messages/${message_id}/context`]) {
      const gone = await ledger.reads(() => api.call("GET", path));
      assert.deepEqual([gone.status, gone.body.code], [404, "not_found"], path);
    }
    assert.equal((await ledger.reads(remove)).status, 404);
    assert.deepEqual((await get("sessions")).body, []);
    const { model } = backend();
    const asked = model.count;
    const say = { text: words("Is anybody there?"), session_id: sessionId };
    const refused = await ledger.reads(() => api.call("POST", "chat", { body: say }));
    assert.deepEqual([refused.status, model.count], [404, asked]);
  });

  test("deletes its account: nothing of it is left, and its token is nobody's", async () => {
    await turn("other", "chat", { text: words("One more thing."), project_id: projectId }, "Which one?");
    const { email, password } = account;
    const signIn = () => anonymousClient(stack()).auth.signInWithPassword({ email, password });
    assert.equal((await signIn()).error, null);
    const remove = () => api.call("DELETE", "users/me");
    const all: Table[] = ["principals", "profiles", "deleted_accounts", "message_revisions", ...NEW_SESSION];
    const deleted = await ledger.changes(all, remove);
    assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
    const ids = [account.id, guestId, sessionId, projectId, ...Object.values(turns).map((row) => row["message_id"])];
    for (const text of [...ids, account.email, words("A fish.")].map(String)) {
      assert.deepEqual(ledger.tablesWith(text), [], text);
    }
    for (const table of OWNED) assert.deepEqual(await backend().rows(table, { owner_id: account.id }), []);

    const calls = [
      ["GET", "sessions"],
      ["GET", "users/me"],
      ["POST", "users", { display_name: "Again" }],
      ["POST", "projects", { name: "Again" }],
      ["POST", "chat", { text: "Again" }],
    ] as const;
    for (const [method, path, body] of calls) {
      const refused = await ledger.reads(() => api.call(method, path, { ...(body && { body }) }));
      assert.deepEqual([refused.status, refused.body.code], [401, "invalid_token"], `${method} ${path}`);
    }
    const again = await ledger.reads(remove);
    assert.deepEqual([again.status, again.body], [200, deleted.body]);
    assert.equal((await signIn()).error?.code, "invalid_credentials");
  });
}
