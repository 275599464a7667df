// All privileges, on a real PostgreSQL: for all existing tables and functions, so that later ones
// cannot be forgotten.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { editReply } from "./actions.ts";
import { declaredFunctions } from "./declared_functions.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { newTokenHash, newUser, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

test("every table of public has row level security", async () => {
  const bare = await target.asOwner(
    `select relname from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity`,
  );
  assert.deepEqual(bare, []);
});

test("signed-in people may select from tables with a policy; nobody else may do anything", async () => {
  const grants = await target.asOwner(
    `select grantee || ' ' || privilege_type || ' ' || table_name as grant
     from information_schema.role_table_grants
     where table_schema in ('public', 'private') and grantee in ('PUBLIC', 'anon', 'authenticated')
     order by 1`,
  );
  assert.deepEqual(
    grants.map((row) => row["grant"]),
    [
      "authenticated SELECT bots",
      "authenticated SELECT characters",
      "authenticated SELECT chats",
      "authenticated SELECT conversation_events",
      "authenticated SELECT dossier_assertions",
      "authenticated SELECT dossiers",
      "authenticated SELECT live_sessions",
      "authenticated SELECT memories",
      "authenticated SELECT message_revisions",
      "authenticated SELECT messages",
      "authenticated SELECT model_calls",
      "authenticated SELECT profiles",
      "authenticated SELECT projects",
      "authenticated SELECT realtime_sessions",
      "authenticated SELECT relay_messages",
      "authenticated SELECT session_events",
      "authenticated SELECT session_summaries",
      "authenticated SELECT sessions",
      "authenticated SELECT stories",
      "authenticated SELECT story_illustrations",
      "authenticated SELECT story_parts",
      "authenticated SELECT story_versions",
      "authenticated SELECT usage",
    ],
  );
});

test("grants that somebody has widened are put back", async () => {
  await target.asOwner("grant all on all tables in schema public to anon, authenticated");
  await target.asOwner("select private.align_grants_with_policies()");
  const [wide] = await target.asOwner(
    `select count(*)::integer from information_schema.role_table_grants
     where table_schema = 'public' and grantee in ('anon', 'authenticated')`,
  );
  assert.equal(wide!["count"], 23);
});

test("anon may execute no function, signed-in people only what policies and history ask", async () => {
  const executable = await target.asOwner(
    `select role || ' ' || function.oid::regproc as grant
     from pg_proc function, unnest('{anon,authenticated}'::text[]) role
     where function.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and has_function_privilege(role, function.oid, 'execute')
     order by 1`,
  );
  assert.deepEqual(
    executable.map((row) => row["grant"]),
    [
      "authenticated private.attached_text",
      "authenticated private.bytes_of_tokens",
      "authenticated private.current_principal",
      "authenticated private.cut_text",
      "authenticated private.deleted_sessions",
      "authenticated private.estimate_tokens",
      "authenticated private.event_body",
      "authenticated private.iso",
      "authenticated private.message_body",
      "authenticated private.message_on_path",
      "authenticated private.sent_text",
      "authenticated private.takes_of",
      "authenticated private.text_edge",
    ],
  );
});

test("the functions that the edge may call are those that it declares, and the clocks' own", async () => {
  const callable = await target.asOwner(
    `select proname from pg_proc
     where pronamespace = 'public'::regnamespace and prorettype <> 'trigger'::regtype
       and has_function_privilege('service_role', oid, 'execute')
     order by proname collate "C"`,
  );
  // pg_cron and the development server's timer call these (scripts/local/maintenance.ts).
  const clocks = [
    "delete_expired_guests",
    "delete_finished_jobs",
    "delete_old_model_calls",
    "erase_step",
    "has_due_step",
    "reap_generations",
  ];
  assert.deepEqual(
    callable.map((row) => row["proname"]),
    [...(await declaredFunctions(process.cwd())), ...clocks].sort(),
  );
});

test("every function is bound to a search path, or is parsed when it is created", async () => {
  const loose = await target.asOwner(
    `select oid::regproc from pg_proc
     where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and prosqlbody is null and not 'search_path=""' = any (coalesce(proconfig, '{}'))`,
  );
  assert.deepEqual(loose, []);
});

test("every foreign key can be followed backwards by an index", async () => {
  // An owner column next to another one adds nothing: it follows from that one.
  const slow = await target.asOwner(
    `select key.table_name || ' (' || array_to_string(key.columns, ', ') || ')' as key
     from (
       select con.conrelid, con.conrelid::regclass as table_name, array_agg(attname::text) as columns
       from pg_constraint con
       join pg_attribute on attrelid = con.conrelid and attnum = any (con.conkey)
       where con.contype = 'f' and con.connamespace = 'public'::regnamespace
         and (attname <> 'owner_id' or cardinality(con.conkey) = 1)
       group by con.oid, con.conrelid
     ) key
     where not exists (
       select from pg_index
       where indrelid = key.conrelid and indpred is null and (
         select array_agg(attname::text)
         from unnest(indkey::smallint[]) with ordinality as part (number, place)
         join pg_attribute on attrelid = indrelid and attnum = part.number
         where part.place <= cardinality(key.columns)
       ) @> key.columns
       or indrelid = key.conrelid and indpred is null and indisunique and indnkeyatts = 1 and (
         select attname::text from pg_attribute where attrelid = indrelid and attnum = indkey[0]
       ) = any (key.columns))`,
  );
  assert.deepEqual(slow, []);
});

test("row level security shows a principal's own rows", async () => {
  const owner = newUser();
  const { user_id, session_id } = await say(target, owner, "Mine.", "Yours.");
  const stranger = newUser();
  await say(target, stranger, "Other.", "Other.");
  const external = { kind: "external", issuer: "https://clerk.test", subject: "user_1" };
  const foreign = await say(target, external, "Foreign.", "Foreign.");
  const owners = async (claims?: object) => {
    const sql = (table: string) => `select distinct owner_id from public.${table}`;
    const [messages, ...others] = await Promise.all(
      ["messages", "sessions", "projects"].map(async (table) =>
        (await target.tryAs("authenticated", sql(table), claims)).map(
          (row: Row) => row["owner_id"],
        ),
      ),
    );
    for (const other of others) assert.deepEqual(other, messages);
    return messages;
  };
  assert.deepEqual(await owners({ sub: user_id, iss: owner["issuer"] }), [user_id]);
  assert.deepEqual(await owners({ sub: stranger["subject"] }), [stranger["subject"]]);
  assert.deepEqual(await owners({ sub: "user_1", iss: "https://clerk.test" }), [
    foreign["user_id"],
  ]);
  assert.deepEqual(await owners({ sub: "user_1", iss: "https://other.test" }), []);
  assert.deepEqual(
    await owners({ sub: foreign["user_id"], iss: "https://clerk.test" }),
    [],
    "the id of another issuer's user is nobody's subject",
  );
  assert.deepEqual(await owners({ sub: randomUUID() }), []);
  assert.deepEqual(await owners({}), []);
  assert.deepEqual(await owners(), []);
  const sql = `select 1 from public.sessions where session_id = '${session_id}'`;
  await assert.rejects(target.tryAs("anon", sql), /permission denied/);
});

test("only this deployment's Supabase names users by their ids", async () => {
  const owner = newUser();
  const { user_id } = await say(target, owner, "Mine.", "Yours.");
  const token_hash = newTokenHash();
  const guest = await say(target, { kind: "new_guest", token_hash }, "Mine.", "Yours.");
  const named = async (claims: object) => {
    const sql = "select private.current_principal() as id";
    return (await target.tryAs("authenticated", sql, claims))[0]!["id"] as string | null;
  };
  const ours = ["supabase", "https://abc.supabase.co/auth/v1", "http://127.0.0.1:54321/auth/v1"];
  for (const iss of [undefined, null, ...ours]) {
    assert.equal(await named({ sub: user_id, iss }), user_id, `issuer ${iss}`);
  }
  assert.equal(await named({ sub: user_id.toUpperCase() }), user_id);
  for (const iss of [
    "https://clerk.test",
    "https://clerk.test/auth/v1/",
    "https://clerk.test/auth/v1?x",
    "https://clerk.test/auth/v1\n",
    "Supabase",
    "supabase ",
    "",
    7,
    ["supabase"],
  ]) {
    assert.equal(await named({ sub: user_id, iss }), null, `issuer ${iss}`);
    assert.equal(await named({ sub: guest["user_id"], iss }), null, `issuer ${iss}`);
  }
  assert.equal(await named({ sub: guest["user_id"] }), guest["user_id"]);
  for (const iss of ours) assert.equal(await named({ sub: guest["user_id"], iss }), null);

  // Another issuer's user with the same id as one of ours.
  const twin = { kind: "external", issuer: "https://clerk.test", subject: user_id };
  const { user_id: twin_id } = await say(target, twin, "Other.", "Other.");
  assert.equal(await named({ sub: user_id, iss: "https://clerk.test" }), twin_id);
  assert.equal(await named({ sub: user_id, iss: ours[1] }), user_id);
});

test("the claim that the embedded Supabase sets alone is understood", async () => {
  const { user_id } = await say(target, newUser(), "Mine.", "Yours.");
  const rows = await target.tryAs(
    "authenticated",
    `set local request.jwt.claims = '';
     set local request.jwt.claim.sub = '${user_id}';
     select private.current_principal() as principal`,
  );
  assert.deepEqual(rows, [{ principal: user_id }]);
});

test("a message has a parent one step up in its session, and its session's owner", async () => {
  const one = await say(target, newUser(), "One?", "One.");
  const two = await say(target, newUser(), "Two?", "Two.");
  const insert = (session: Row, parent: Row, owner: Row, depth = 3) =>
    target.asOwner(
      `insert into public.messages
         (session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content)
       values ($1, $2, $3, gen_random_uuid(), 9, 9, $4, 'user', 'x')`,
      [session["session_id"], owner["user_id"], parent["message_id"], depth],
    );
  await assert.rejects(insert(one, two, one), /foreign key/);
  await assert.rejects(insert(one, one, two), /foreign key/);
  for (const depth of [1, 2, 4]) {
    await assert.rejects(insert(one, one, one, depth), /foreign key|are_first/);
  }
  await insert(one, one, one);
  await assert.rejects(
    target.asOwner("update public.sessions set active_leaf_id = $1 where session_id = $2", [
      two["message_id"],
      one["session_id"],
    ]),
    /foreign key/,
  );
});

test("all of an owner goes to another owner with projects and sessions, and away with the principal", async () => {
  const user = newUser();
  const from = await say(target, user, "One?", "One.");
  await editReply(target, user, from["message_id"], "Eins.");
  const { user_id: owner_id } = await say(target, newUser(), "Two?", "Two.");
  await target.asOwner("update public.projects set owner_id = $1 where owner_id = $2", [
    owner_id,
    from["user_id"],
  ]);
  for (const [table, count] of [
    ["projects", 2],
    ["sessions", 2],
    ["messages", 4],
    ["message_revisions", 1],
    ["generations", 2],
    ["usage", 1],
  ] as const) {
    assert.equal((await target.select(table, { owner_id })).length, count, table);
  }
  await target.asOwner("delete from public.principals where id = $1", [owner_id]);
  for (const table of ["projects", "sessions", "messages", "message_revisions", "generations"]) {
    assert.deepEqual(await target.select(table, { owner_id }), [], table);
  }
});
