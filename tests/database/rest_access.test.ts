// The table of rest_access_table.ts, on all tables and functions that PostgreSQL's catalogue has, so
// that one which is added later cannot be forgotten.
import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { hs256, nowInSeconds, unsigned, userClaims, type Claims } from "../clients/tokens.ts";
import { editReply } from "./actions.ts";
import { KEY, newBot, relay } from "./bots.ts";
import { assertion, commit } from "./dossiers.ts";
import { JWT_SECRET, PUBLISHABLE_KEY, SECRET_KEY, startRestTarget, type RestTarget } from "./rest_target.ts";
import { remember } from "./memories.ts";
import { beginPictures, beginStory, drawPictures, work } from "./stories.ts";
import { newConnection, open, turnIn } from "./realtime.ts";
import { EXPECTED, ownerColumn, READABLE } from "./rest_access_table.ts";
import { startSqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { claim, commit as commitTask, conversation, turnOf } from "./tasks.ts";
import { begin, newUser, say, type Principal } from "./turns.ts";

interface Catalogue {
  /**
   * Names with a column that is never null and that callers may name: PostgreSQL refuses a value for
   * a computed one, or for one that counts by itself, before it looks at anybody's rights.
   */
  tables: Map<string, string>;
  functions: string[];
  internal: string[];
  /** Foreign keys between a table that people read and one that they do not. */
  ways: { from: string; to: string; name: string }[];
}

let target: RestTarget;
let catalogue: Catalogue;
let users: Principal[];
let callers: Map<string, Record<string, string>>;
const bearer = (token: string) => ({ apikey: PUBLISHABLE_KEY, authorization: `Bearer ${token}` });

before(async () => {
  [target, catalogue] = await Promise.all([startRestTarget(process.cwd()), readCatalogue()]);
  users = [await settle(), await settle()];
  const guestToken = `fg_${randomBytes(32).toString("base64url")}`;
  const token_hash = createHash("sha256").update(guestToken).digest("hex");
  await say(target, { kind: "new_guest", token_hash }, "Who?", "A hare.");
  const [ana, bob] = users.map(({ subject }) => subject as string);
  const claims = (changes: Claims = {}) => userClaims(ana!, changes);
  const other = "another secret that signs the tokens of another project";
  callers = new Map<string, Record<string, string>>([
    ["nobody, without a key", {}],
    ["nobody", { apikey: PUBLISHABLE_KEY }],
    ["the publishable key as bearer", bearer(PUBLISHABLE_KEY)],
    ["a guest's token", bearer(guestToken)],
    ["garbage", bearer("garbage")],
    ["the secret key as bearer alone", bearer(SECRET_KEY)],
    ["a user", bearer(hs256(claims(), JWT_SECRET))],
    ["another user", bearer(hs256(userClaims(bob!), JWT_SECRET))],
    ["a user who has done nothing here", bearer(hs256(userClaims(randomUUID()), JWT_SECRET))],
    ["a user whom another issuer calls so", bearer(hs256(claims({ iss: "https://clerk.test" }), JWT_SECRET))],
    ["a user's token that has expired", bearer(hs256(claims({ exp: nowInSeconds() - 300 }), JWT_SECRET))],
    ["a user's token by another secret", bearer(hs256(claims(), other))],
    ["a service's token by another secret", bearer(hs256(claims({ role: "service_role" }), other))],
    ["a user's token without a signature", bearer(unsigned(claims()))],
    ["the secret key", { apikey: SECRET_KEY }],
  ]);
});
after(() => target.stop());

async function readCatalogue(): Promise<Catalogue> {
  const postgres = await startSqlTarget(process.cwd());
  try {
    const tables = await postgres.asOwner(
      `select class.relname as name, min(attname) as column
       from pg_class class
       join pg_attribute on attrelid = class.oid and attnum > 0
         and (attnotnull or relkind = 'v') and attgenerated = '' and attidentity = ''
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
       group by class.relname order by 1`,
    );
    const functionsOf = async (schema: string) =>
      (await postgres.asOwner(
        `select distinct proname as name from pg_proc
         where pronamespace = '${schema}'::regnamespace order by 1`,
      )).map((row) => row["name"] as string);
    const ways = await postgres.asOwner(
      `select conname as name, conrelid::regclass::text as "from", confrelid::regclass::text as "to"
       from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`,
    );
    const isReadable = (table: string) => READABLE.includes(table);
    return {
      tables: new Map(tables.map(({ name, column }) => [name, column])),
      functions: await functionsOf("public"),
      internal: await functionsOf("private"),
      ways: (ways as Catalogue["ways"])
        .filter(({ from, to }) => isReadable(from) !== isReadable(to))
        .map(({ from, to, name }) => (isReadable(from) ? { from, to, name } : { from: to, to: from, name })),
    };
  } finally {
    await postgres.stop();
  }
}

/** A user who has something in every table that people read, and in most others. */
async function settle(): Promise<Principal> {
  const user = newUser();
  const turn = await say(target, user, "Who?", "A fox.");
  await editReply(target, user, turn["message_id"], "A vixen.");
  await begin(target, user, { rate_limit: { action: "chat", max_requests: 5, window_seconds: 60 } });
  await commit(target, turn["project_id"], 0, [assertion(turn["message_id"])]);
  await target.call("save_profile", { principal: user, body: { display_name: "Ana" } });
  const { bot_id } = await newBot(target, user);
  await say(target, user, "Relay?", "A relay.", { ...relay, external_id: "456", bot_id });
  const connection = newConnection(user);
  await open(target, connection);
  await say(target, user, "Live?", "Alive.", turnIn(connection));
  await target.call("save_character", { principal: user, body: { name: "Reineke" } });
  await say(target, user, "Who?", "A fox.", { kind: "companion" });
  const session_id = await conversation(target, user, 8);
  await turnOf(target, user, 9, 4, { session_id });
  await commitTask(target, (await claim(target))!, "Once.");
  await remember(target, user, "I like tea.");
  const story = await beginStory(target, user, "full");
  await work(target, story["task_id"], (step) => step["totals"]["scenes_written"] === 1);
  await drawPictures(target, (await beginPictures(target, user, story["project_id"]))["body"]["task_id"]);
  return user;
}

async function ask(method: string, path: string, credentials: Record<string, string>, body?: object, more = {}) {
  const response = await fetch(`${target.url}/rest/v1/${path}`, {
    method,
    headers: { ...credentials, ...(body && { "content-type": "application/json" }), ...more },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(!text.includes(KEY.ciphertext), `${method} ${path} tells a bot's key`);
  const answer = text === "" ? undefined : (JSON.parse(text) as any);
  const code = response.ok ? "" : ` ${answer?.code ?? ""}`;
  return { outcome: `${response.status}${code}`, answer, headers: response.headers };
}

/** Checks an answer; rows are `own` when their owner is the caller. */
function check(what: string, caller: string, expected: string, { outcome, answer }: Awaited<ReturnType<typeof ask>>) {
  const owners = () => (answer as Row[]).map((row) => row[ownerColumn(what.split(" ")[0]!)]);
  const own = users[caller === "a user" ? 0 : 1]!["subject"];
  if (expected === "own") {
    assert.equal(outcome, "200", what);
    assert.deepEqual([...new Set(owners())], [own], what);
  } else if (expected === "none") {
    assert.deepEqual([outcome, answer], ["200", []], what);
  } else if (expected === "all") {
    assert.equal(outcome, "200", what);
    if (READABLE.some((table) => what.startsWith(`${table} `))) {
      for (const { subject } of users) assert.ok(owners().includes(subject), `${what}: of ${subject}`);
    }
  } else if (expected === "may") {
    assert.doesNotMatch(outcome, /42501|PGRST/, what);
  } else if (expected.includes(" ")) {
    assert.equal(outcome, expected, what);
  } else {
    assert.equal(outcome.split(" ")[0], expected, what);
  }
}

async function everything(): Promise<Row> {
  const rows: Row = {};
  for (const table of catalogue.tables.keys()) rows[table] = await target.select(table, {});
  return rows;
}

test("the tables are written down, and so are those who call", () => {
  assert.deepEqual(READABLE.filter((table) => !catalogue.tables.has(table)), []);
  assert.ok(catalogue.tables.size > READABLE.length && catalogue.functions.length > 20);
  assert.deepEqual([...callers.keys()], [...EXPECTED.keys()]);
});

for (const [caller, expected] of EXPECTED) {
  test(`${caller}: tables`, async () => {
    const credentials = callers.get(caller)!;
    const stored = await everything();
    for (const [table, column] of catalogue.tables) {
      const reading = READABLE.includes(table) ? expected.read : expected.hidden;
      check(`${table} select`, caller, reading, await ask("GET", `${table}?select=*`, credentials));
      // A service's write is refused by the table's rules, or affects no row.
      const which = `${table}?${column}=${expected.write === "may" ? "is.null" : "not.is.null"}`;
      const upsert = { prefer: "resolution=merge-duplicates" };
      const written = {
        insert: await ask("POST", table, credentials, { [column]: null }),
        upsert: await ask("POST", table, credentials, { [column]: null }, upsert),
        update: await ask("PATCH", which, credentials, { [column]: null }),
        delete: await ask("DELETE", which, credentials),
      };
      for (const [verb, answer] of Object.entries(written)) {
        check(`${table} ${verb}`, caller, expected.write, answer);
      }
    }
    assert.deepEqual(await everything(), stored);
  });

  test(`${caller}: functions`, async () => {
    // Reading the metrics adds the latest events to them, and they then stay for 15 seconds; the
    // reaper ends replies that were silent for 60. A slow machine may take longer than both. The cleaner
    // begins a round through all users each half hour.
    await target.call("read_metrics", {});
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await target.update("metrics_cache", { is_the_only_row: true }, { made_at: later });
    await target.update("generations", { status: "streaming" }, { heartbeat_at: later });
    await target.update("cleaning_state", { is_the_only_row: true }, { round_ended_at: later });
    const stored = await everything();
    for (const name of catalogue.functions) {
      const [user] = users;
      const request = { principal: { ...user, kind: "none" } };
      const answer = await ask("POST", `rpc/${name}`, callers.get(caller)!, { request });
      check(name, caller, expected.call, answer);
      if (expected.call === "may") continue;
      const query = new URLSearchParams({ request: JSON.stringify({ principal: user }) });
      check(`${name} by GET`, caller, expected.call, await ask("GET", `rpc/${name}?${query}`, callers.get(caller)!));
    }
    assert.deepEqual(await everything(), stored);
  });
}

test("counts are of one's own rows", async () => {
  for (const [index, caller] of ["a user", "another user"].entries()) {
    for (const table of READABLE) {
      const rows = await target.select(table, {
        [ownerColumn(table)]: users[index]!["subject"],
      });
      // Sessions of scenes are hidden.
      const own = table === "sessions" ? rows.filter(({ kind }) => kind !== "story") : rows;
      const { headers } = await ask("HEAD", table, callers.get(caller)!, undefined, { prefer: "count=exact" });
      assert.match(headers.get("content-range") ?? "", new RegExp(`/${own.length}$`), table);
    }
  }
});

test("what is hidden is not reached through what is read", async () => {
  assert.ok(catalogue.ways.length >= 5);
  for (const { from, to, name } of catalogue.ways) {
    const { outcome } = await ask("GET", `${from}?select=*,${to}!${name}(*)`, callers.get("a user")!);
    assert.equal(outcome, "403 42501", `${from} to ${to} by ${name}`);
  }
  const messages = "messages!messages_session_id_owner_id_fkey(owner_id,content)";
  const path = `projects?select=owner_id,sessions(owner_id,${messages})`;
  const { outcome, answer } = await ask("GET", path, callers.get("a user")!);
  assert.equal(outcome, "200", JSON.stringify(answer));
  const told = JSON.stringify(answer);
  assert.match(told, /A vixen\./);
  assert.ok(told.includes(users[0]!["subject"]) && !told.includes(users[1]!["subject"]));
});

test("a bot's key is nowhere but in the answer with which its turn begins", async () => {
  const secret = callers.get("the secret key")!;
  const [principal] = users;
  const [bot] = await target.select("bots", { owner_id: principal!["subject"] });
  const request = { principal, bot_id: bot!["bot_id"], body: { name: "Malepartus" }, query: {} };
  // `ask` looks for the key in each answer.
  for (const name of ["list_bots", "read_bot", "update_bot"]) {
    const { outcome } = await ask("POST", `rpc/${name}`, secret, { request });
    assert.equal(outcome, "200", name);
  }
  for (const path of ["bot_keys", "bots?select=*,bot_keys(*)", "bots?select=access_key", "bots?select=encryption_key_id"]) {
    for (const caller of ["a user", "the secret key"]) {
      const { outcome } = await ask("GET", path, callers.get(caller)!);
      assert.match(outcome, /^4/, `${path} for ${caller}`);
    }
  }
  const turn = await begin(target, principal!, { ...relay, bot_id: bot!["bot_id"] });
  assert.deepEqual(turn["bot"].access_key, KEY);
  const { stream_id, session_id } = turn;
  for (const [name, more] of [
    ["read_turn", { stream_id }],
    ["read_session", { session_id }],
    ["list_messages", { session_id, query: {} }],
  ] as const) {
    const { outcome } = await ask("POST", `rpc/${name}`, secret, { request: { principal, ...more } });
    assert.equal(outcome, "200", name);
  }
});

test("internal functions cannot be called over REST at all", async () => {
  const credentials = callers.get("the secret key")!;
  assert.ok(catalogue.internal.length > 20);
  for (const name of catalogue.internal) {
    const { outcome } = await ask("POST", `rpc/${name}`, credentials, {});
    assert.equal(outcome, "404 PGRST202", name);
    const inSchema = await ask("POST", `rpc/${name}`, credentials, {}, { "content-profile": "private" });
    assert.equal(inSchema.outcome, "406 PGRST106", name);
  }
});

test("no schema but public is exposed, not even to the secret key", async () => {
  for (const schema of ["private", "auth", "storage", "pg_catalog", "information_schema"]) {
    const profile = { "accept-profile": schema };
    for (const table of ["users", "objects", "pg_proc", "tables"]) {
      const { outcome } = await ask("GET", table, callers.get("the secret key")!, undefined, profile);
      assert.equal(outcome, "406 PGRST106", `${schema}.${table}`);
    }
  }
});
