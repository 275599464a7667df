// A whole life, step by step: a guest, an account, its named things, and its deletion; with
// supabase-js and with plain fetch. After each step all tables are checked.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { readSchemaFiles } from "../../scripts/schema/schema_files.ts";
import { APIS, type Account, type Api } from "./api.ts";
import { root, METRICS_TABLES, NAMING_VIEWS, TABLES, type Row, type Table } from "./backend.ts";
import type { Ledger } from "./ledger.ts";
import { FIRST_TURN, Life, TURN } from "./life.ts";
import { onEachRuntime, type Stack } from "./stack.ts";
import { anonymousClient } from "./supabase.ts";

const OWNED = ["projects", "dossiers", "sessions", "messages", "generations", "usage"] as const;

test("every table and view of the schema files is looked at", () => {
  const sql = readSchemaFiles(root).map((file) => file.sql);
  const made = [...sql.join("\n").matchAll(/^create (?:table|view) public\.(\w+)/gm)].map(
    ([, name]) => name!,
  );
  assert.deepEqual(made.sort(), [...TABLES, ...METRICS_TABLES, ...NAMING_VIEWS].sort());
});

onEachRuntime("a whole life", (stack) => {
  for (const Way of APIS)
    describe(`with ${Way.title}`, () => live(stack, (at) => new Way(at), Way.title));
});

function live(stack: () => Stack, makeApi: (stack: Stack) => Api, title: string): void {
  let api: Api;
  let life: Life;
  let ledger: Ledger;
  let turns: Life["turns"];
  before(() => {
    api = makeApi(stack());
    life = new Life(stack(), api);
    ({ ledger, turns } = life);
  });

  const backend = () => stack().backend;
  const words = (text: string) => `${text} (${stack().runtime}, ${title})`;

  let guestToken: string;
  let guestId: string;
  let account: Account;
  let projectId: string;
  let sessionId: string;

  test("a guest has a conversation", async () => {
    const opening = words("There is a door in the sea.");
    const first = await life.turn("first", "chat", { text: opening }, "Who found it?", [
      "principals",
      "principal_plans",
      ...FIRST_TURN,
    ]);
    guestToken = first.headers.get("x-guest-token")!;
    backend().secrets.add(guestToken);
    api.guestToken = guestToken;
    ({ user_id: guestId, session_id: sessionId, project_id: projectId } = turns["first"] as any);
    await life.turn(
      "second",
      "chat",
      { text: words("A keeper."), session_id: sessionId },
      "What did she want?",
    );
    await life.turn(
      "third",
      "chat",
      { text: words("To sleep."), session_id: sessionId },
      "And what stopped her?",
    );
    assert.deepEqual(ledger.counts(guestId, ...OWNED), [1, 1, 1, 6, 3, 3]);
    assert.deepEqual(
      life.sent["third"]!.slice(1).map(({ content }) => content),
      [...[opening, "Who found it?", words("A keeper."), "What did she want?", words("To sleep.")]],
    );
    const { body, headers } = await life.get("sessions");
    assert.deepEqual([headers.get("x-total-count"), headers.get("content-range")], ["1", "0-0/1"]);
    assert.deepEqual(
      [body[0].message_count, body[0].last_message_preview],
      [6, "And what stopped her?"],
    );
    assert.deepEqual(await life.conversation(sessionId), [
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
    assert.deepEqual(
      [saved.body.user_id, saved.body.kind, saved.body.email],
      [account.id, "user", account.email],
    );
    const [profile] = await backend().rows("profiles", { owner_id: account.id });
    assert.deepEqual([profile!["display_name"], profile!["email"]], ["Mara", account.email]);
    assert.deepEqual((await life.get("users/me")).body, saved.body);
  });

  test("takes along what it said as a guest", async () => {
    const body = { temp_user_id: guestId, permanent_user_id: account.id, guest_token: guestToken };
    const migrate = () => api.call("POST", "sessions/migrate", { body });
    const first = await ledger.changes(["principals", "principal_plans", ...FIRST_TURN], migrate);
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
    const sessions = await life.get("sessions");
    assert.deepEqual(
      sessions.body.map((row: Row) => row["session_id"]),
      [sessionId],
    );
    assert.equal(sessions.body[0].user_id, account.id);
    const projects = await life.get("projects");
    assert.deepEqual(
      projects.body.map((row: Row) => [row["project_id"], row["session_count"]]),
      [[projectId, 1]],
    );
    assert.equal((await life.get(`sessions/${sessionId}/messages`)).body.length, 6);
    const dossiers = await life.get("dossier");
    assert.deepEqual(
      dossiers.body.map((row: Row) => [row["project_id"], row["version"]]),
      [[projectId, 0]],
    );
    const dossier = await life.get(`dossier/${projectId}`);
    const [stored] = await backend().rows("dossiers", { project_id: projectId });
    assert.deepEqual(dossier.body.snapshot_json, stored!["snapshot_json"]);
    assert.deepEqual(dossier.body.snapshot_json.characters, []);
    for (const table of OWNED.filter((name) => name !== "generations")) {
      const own = await ledger.reads(() => api.select(table));
      const rows = await backend().rows(table, { owner_id: account.id });
      assert.deepEqual(
        own.map((row) => JSON.stringify(row)).sort(),
        rows.map((row) => JSON.stringify(row)).sort(),
      );
    }
  });

  test("takes its data away as lines of JSON, and goes on where they were cut", async () => {
    const exported = async (query = "") => {
      const response = await api.open("GET", `users/me/export${query}`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "application/x-ndjson");
      assert.match(response.headers.get("content-disposition")!, /^attachment; filename=/);
      const text = await response.text();
      assert.ok(text.endsWith("\n"));
      return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Row);
    };
    const lines = await ledger.reads(() => exported());
    const last = lines.at(-1)!;
    assert.deepEqual([last["type"], last["lines"]], ["complete", lines.length - 1]);
    const dataOf = (type: string) => lines.filter((line) => line["type"] === type).map(({ data }) => data);
    assert.equal(dataOf("account")[0].user_id, account.id);
    assert.equal(dataOf("profile")[0].display_name, "Mara");
    assert.deepEqual(dataOf("project").map(({ project_id }) => project_id), [projectId]);
    assert.deepEqual(
      dataOf("message").map(({ content }) => content),
      (await backend().messages(sessionId)).map((row) => row["content"]),
    );
    assert.equal(last["counts"].message, 6);
    const middle = Math.floor(lines.length / 2);
    assert.deepEqual(await exported(`?after=${lines[middle]!["cursor"]}`), lines.slice(middle + 1));
    const wrong = await ledger.reads(() => api.call("GET", "users/me/export?after=abc"));
    assert.deepEqual([wrong.status, wrong.body.code], [422, "invalid_request"]);
  });

  for (const [kind, id, field] of [
    ["sessions", () => sessionId, "title"],
    ["projects", () => projectId, "name"],
  ] as const) {
    test(`gives one of its ${kind} another name, once and on the version it has read`, async () => {
      const path = `${kind}/${id()}`;
      const read = await life.get(path);
      const etag = read.headers.get("etag")!;
      const unchanged = await ledger.reads(() =>
        api.call("GET", path, { headers: { "if-none-match": etag } }),
      );
      assert.deepEqual([unchanged.status, unchanged.body], [304, undefined]);

      const rename = (name: string) => () =>
        api.call("PATCH", path, { body: { [field]: name }, headers: { "if-match": etag } });
      // A name of a project is text that the plan has room for; the account has used no plan yet.
      const changed: Table[] = kind === "projects" ? [kind, "principal_plans"] : [kind];
      const renamed = await ledger.changes(changed, rename(words("The door")));
      assert.deepEqual([renamed.status, renamed.body[field]], [200, words("The door")]);
      const late = await ledger.reads(rename("Too late"));
      assert.deepEqual([late.status, late.body.code], [412, "precondition_failed"]);

      const again = await ledger.reads(() =>
        api.call("GET", path, { headers: { "if-none-match": etag } }),
      );
      assert.deepEqual([again.status, again.body], [200, renamed.body]);
      assert.equal(again.headers.get("etag"), renamed.headers.get("etag"));
      const key = kind === "sessions" ? "session_id" : "project_id";
      const [row] = await backend().rows(kind, { [key]: id() });
      assert.equal(row![field], words("The door"));
    });
  }

  test("changes what a reply says", async () => {
    const { message_id } = turns["third"] as any;
    const body = { content: words("And what woke her?") };
    const change = () => api.call("PATCH", `chat/messages/${message_id}`, { body });
    const changed = await ledger.changes(["messages", "message_revisions"], change);
    assert.deepEqual([changed.status, changed.body.content], [200, body.content]);
    assert.equal((await life.message(message_id))["content"], body.content);
    assert.equal((await life.conversation(sessionId)).at(-1), body.content);
  });

  test("deletes a session", async () => {
    const remove = () => api.call("DELETE", `sessions/${sessionId}`);
    assert.equal((await ledger.changes(["sessions"], remove)).status, 200);
    assert.equal(
      (await backend().rows("sessions", { session_id: sessionId }))[0]!["is_active"],
      false,
    );
    const { message_id } = turns["third"] as any;
    for (const path of [
      `sessions/${sessionId}`,
      `sessions/${sessionId}/messages`,
      `chat/messages/${message_id}/context`,
    ]) {
      const gone = await ledger.reads(() => api.call("GET", path));
      assert.deepEqual([gone.status, gone.body.code], [404, "not_found"], path);
    }
    assert.equal((await ledger.reads(remove)).status, 404);
    assert.deepEqual((await life.get("sessions")).body, []);
    const { model } = backend();
    const asked = model.count;
    const say = { text: words("Is anybody there?"), session_id: sessionId };
    const refused = await ledger.reads(() => api.call("POST", "chat", { body: say }));
    assert.deepEqual([refused.status, model.count], [404, asked]);
  });

  test("deletes its account: nothing of it is left, and its token is nobody's", async () => {
    await life.turn(
      "other",
      "chat",
      { text: words("One more thing."), project_id: projectId },
      "Which one?",
      [...TURN, "jobs", "job_steps"],
    );
    const { email, password } = account;
    const signIn = () => anonymousClient(stack()).auth.signInWithPassword({ email, password });
    assert.equal((await signIn()).error, null);
    const remove = () => api.call("DELETE", "users/me");
    const all: Table[] = [
      "principals",
      "profiles",
      "deleted_accounts",
      "message_revisions",
      "principal_plans",
      ...FIRST_TURN,
    ];
    const deleted = await ledger.changes(all, remove);
    assert.equal(deleted.status, 202, JSON.stringify(deleted.body));
    const { deletion_id, status } = deleted.body;
    assert.equal(status, "erased");
    const location = deleted.headers.get("location")!;
    assert.ok(location.endsWith(`/users/deletions/${deletion_id}`), location);
    const read = await fetch(location);
    assert.deepEqual([read.status, await read.json()], [200, { ...deleted.body }]);
    const ids = [
      account.id,
      guestId,
      sessionId,
      projectId,
      ...Object.values(turns).map((row) => row["message_id"]),
    ];
    for (const text of [...ids, account.email, words("A keeper.")].map(String)) {
      assert.deepEqual(ledger.tablesWith(text), [], text);
    }
    for (const table of OWNED)
      assert.deepEqual(await backend().rows(table, { owner_id: account.id }), []);

    const calls = [
      ["GET", "sessions"],
      ["GET", "users/me"],
      ["POST", "users", { display_name: "Again" }],
      ["POST", "projects", { name: "Again" }],
      ["POST", "chat", { text: "Again" }],
    ] as const;
    for (const [method, path, body] of calls) {
      const refused = await ledger.reads(() => api.call(method, path, { ...(body && { body }) }));
      assert.deepEqual(
        [refused.status, refused.body.code],
        [401, "invalid_token"],
        `${method} ${path}`,
      );
    }
    const again = await ledger.reads(remove);
    assert.deepEqual([again.status, again.body], [202, deleted.body]);
    assert.equal((await signIn()).error?.code, "invalid_credentials");
  });
}
