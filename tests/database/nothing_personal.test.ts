// The remains of a deleted account in every existing column: on a real PostgreSQL with the tables
// of Supabase Auth, which the embedded Supabase creates there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { guestOf, migrate, type Person } from "./accounts.ts";
import { KEY, newBot } from "./bots.ts";
import { startPostgres, type PostgresServer } from "./postgres_server.ts";
import { PUBLISHABLE_KEY, startRestTarget, type RestTarget } from "./rest_target.ts";
import { claimedReading, commitReading, talk } from "./memories.ts";
import { newConnection, open, turnIn } from "./realtime.ts";
import type { Row } from "./target.ts";
import { ask } from "./lists.ts";
import { beginPictures, beginStory, drawPictures, work, writeStep } from "./stories.ts";
import { claim, commit, conversation, fail, leaseOf, turnOf } from "./tasks.ts";
import { append, begin, finish, refusal, say } from "./turns.ts";

let server: PostgresServer;
let target: RestTarget;
let owner: pg.Pool;
before(async () => {
  server = await startPostgres(process.cwd(), { migrated: false, roles: false });
  target = await startRestTarget(process.cwd(), server.ownerUrl);
  owner = new pg.Pool({ connectionString: server.ownerUrl, max: 2 });
});
after(async () => {
  await owner?.end();
  await target?.stop();
  await server?.stop();
});

/** The tables in which some row, printed with all its columns, has one of the texts. */
async function tablesWith(texts: string[]): Promise<string[]> {
  const tables = await owner.query(
    `select oid::regclass::text as name from pg_class
     where relkind in ('r', 'p', 'm')
       and relnamespace in ('public'::regnamespace, 'private'::regnamespace, 'auth'::regnamespace)
     order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables.rows) {
    const rows = await owner.query(
      `select from ${name} as stored
       where exists (select from unnest($1::text[]) text where strpos(stored::text, text) > 0)`,
      [texts],
    );
    if (rows.rowCount) found.push(name);
  }
  return found;
}

async function auth(path: string, body: object): Promise<Row> {
  const answer = await fetch(`${target.url}/auth/v1/${path}`, {
    method: "POST",
    headers: { apikey: PUBLISHABLE_KEY, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as Row;
}

/** Gives an account more rows than are erased at once. */
async function makeLarge(owner_id: string): Promise<void> {
  await owner.query(
    `insert into public.model_calls (owner_id, source_id, place, kind, output_tokens, is_estimated, status)
     select $1, gen_random_uuid(), 1, 'chat', 1, false, 'complete' from generate_series(1, 1001)`,
    [owner_id],
  );
}

/** Deletes a user as Supabase's dashboard does, and has the next hour's work done. */
async function deleteInDashboard(id: string): Promise<void> {
  await owner.query("delete from auth.users where id = $1", [id]);
  await owner.query("update public.cleaning_state set round_ended_at = now() - interval '31 minutes'");
  while ((await target.call("clean", {}))["left"]) continue;
}

/**
 * A large account is erased in batches of this many rows; null: it is small, and erased at once. Or it is
 * deleted in Supabase's dashboard.
 */
for (const batch_rows of [null, 7, "dashboard"] as const) {
  const way =
    batch_rows === null ? "at once" : batch_rows === "dashboard" ? "in the dashboard" : "in batches";
  test(`of an account that is deleted ${way} no id, address, name or text is left anywhere`, async () => {
    const email = `anna.fuechslein.${way.replaceAll(" ", "-")}@example.org`;
    const credentials = { email, password: "a password of hers" };
    const { user } = await auth("signup", { ...credentials, data: { name: "Nickname Zwetschke" } });
    await auth("token?grant_type=password", credentials);
    await auth("recover", { email });
    // A sign-in that has begun and not ended, as Supabase's own Auth keeps it.
    await owner.query(
      `insert into auth.flow_state (id, user_id, authentication_method, provider_type)
       values (gen_random_uuid(), $1, 'magiclink', 'email')`,
      [user.id],
    );
    const principal = { kind: "user", issuer: `${target.url}/auth/v1`, subject: user.id };
    const rate_limit = { action: "turn", max_requests: 100, window_seconds: 60 };

    const guest = await guestOf(target, { text: "Pfifferling?" });
    const turn = await say(target, principal, "Steinpilz?", "Steinpilz.", { rate_limit });
    const account: Person = { principal, id: user.id, turn };
    await migrate(target, account, guest);
    await target.call("save_profile", { principal, body: { email, display_name: "Zwetschke" } });
    await target.call("commit_assertions", {
      project_id: turn["project_id"],
      base: 0,
      assertions: [
        {
          assertion_id: "a".repeat(64),
          kind: "extracted",
          body: { name: "Maronenröhrling" },
          message_id: turn["message_id"],
        },
      ],
    });
    const second = await begin(target, principal, {
      session_id: turn["session_id"],
      text: "Steinpilz again?",
      idempotency_key: "Morchel",
      request_hash: "b".repeat(64),
      system_prompt: "You are Morchel.",
    });
    const instructions = { instructions: "Write as Tintling." };
    const named = await say(target, principal, "Hello?", "Hello.", { external_id: "Goldröhrling" });
    for (const table of ["session", "project"]) {
      const id = { [`${table}_id`]: named[`${table}_id`] };
      await ask(target, principal, `update_${table}`, { ...id, body: instructions });
    }
    await finish(target, await begin(target, principal, {
      action: "regenerate", message_id: named["message_id"], text: null,
      instruction: "As Bovist.", guidance: "As Bovist.",
    }));
    await append(target, second, 0, "Stein");
    await finish(target, second, { status: "stopped", from_offset: 5, text: "pilz" });
    await append(target, await begin(target, principal), 0, "A running Steinpilz");
    await target.call("edit_reply", {
      principal,
      message_id: turn["message_id"],
      body: { content: "Steinpilz, edited." },
    });

    for (const text of ["Reizker", null]) {
      const session_id = await conversation(target, principal, 8);
      await turnOf(target, principal, 9, 4, { session_id });
      const task = (await claim(target))!;
      await (text === null
        ? fail(target, task, { error: "Of Schwindling." })
        : commit(target, task, `${text}.`));
    }
    const connection = newConnection(principal, "Krause Glucke");
    await open(target, connection);
    await say(target, principal, "Habichtspilz?", "Habichtspilz.", turnIn(connection));
    const told = await talk(target, principal, "I collect the Habichtspilz.");
    await commitReading(target, await claimedReading(target), [
      { text: "The user collects the Habichtspilz.", message_id: told["user_message_id"] },
    ]);
    await target.call("save_character", {
      principal,
      body: { name: "Ritterling", persona: "Of Champignon." },
    });
    await newBot(target, principal, { name: "Hallimasch" }, { ...KEY, ciphertext: "sk-Champignon".repeat(4) });

    const premise = { given: { premise: "Of a Trompetenpilz." }, idempotency_key: "Pfefferröhrling" };
    const story = await beginStory(target, principal, "full", { ...premise, request_hash: "c".repeat(64) });
    await work(target, story["task_id"], (step) => step["totals"]["scenes_written"] === 2, (step) => ({
      ...writeStep(step),
      message: "Of the Trompetenpilz.",
    }));
    const [writing] = await target.select("job_steps", { job_id: story["task_id"], status: "running" });
    await target.call("save_story_draft", { ...leaseOf(writing!), from_byte: 0, text: "Trompetenpilz" });
    await ask(target, principal, "write_story_part", {
      project_id: story["project_id"],
      part: "premise",
      body: { text: "Of a Trompetenpilz." },
    });
    const drawing = { style: "As a Trompetenpilz." };
    const { task_id } = (await beginPictures(target, principal, story["project_id"], drawing))["body"];
    await drawPictures(target, task_id);
    await owner.query("select private.take_share($1, gen_random_uuid(), 1, 1, 0)", [account.id]);

    const personal = [
      "Tintling",
      "Goldröhrling",
      "Bovist",
      "Trompetenpilz",
      "Pfefferröhrling",
      user.id,
      email,
      "Zwetschke",
      guest.id,
      guest.principal["token_hash"],
      "Pfifferling",
      "Steinpilz",
      "Maronenröhrling",
      "Morchel",
      "Hallimasch",
      "Habichtspilz",
      "Ritterling",
      "sk-Champignon",
      "Reizker",
      "Schwindling",
      "Krause Glucke",
      "Habichtspilz",
      turn["session_id"],
      turn["project_id"],
      turn["message_id"],
      turn["generation_id"],
    ];
    assert.deepEqual(await tablesWith(["Tintling"]), ["generations", "projects", "sessions"]);
    assert.deepEqual(await tablesWith(["Bovist"]), ["generations", "messages"]);
    assert.deepEqual(await tablesWith(["Goldröhrling"]), ["sessions"]);
    const before = await tablesWith(personal);
    for (const table of [
      "auth.audit_log_entries",
      "auth.flow_state",
      "auth.identities",
      "auth.refresh_tokens",
      "auth.sessions",
      "auth.users",
      "bots",
      "conversation_events",
      "characters",
      "dossier_assertions",
      "dossiers",
      "generation_chunks",
      "generations",
      "job_queues",
      "job_steps",
      "jobs",
      "live_connections",
      "live_sessions",
      "memories",
      "memory_entries",
      "memory_logs",
      "memory_readings",
      "message_revisions",
      "messages",
      "model_calls",
      "plan_shares",
      "principal_plans",
      "principals",
      "private.bot_keys",
      "profiles",
      "projects",
      "rate_limits",
      "session_summaries",
      "sessions",
      "stories",
      "story_cache",
      "story_drafts",
      "story_events",
      "story_illustrations",
      "story_parts",
      "story_requests",
      "story_versions",
      "stored_byte_changes",
    ]) {
      assert.ok(before.includes(table), `${table} is looked through: ${before}`);
    }

    const marks = "select * from public.deleted_accounts";
    const earlier = await owner.query(marks);
    if (batch_rows === "dashboard") {
      await deleteInDashboard(account.id);
      assert.deepEqual(await tablesWith(personal), []);
      await assert.rejects(begin(target, principal), refusal(401, "invalid_token"));
      return;
    }
    if (batch_rows !== null) await makeLarge(account.id);
    const { status, body } = await target.call("delete_account", { principal });
    assert.deepEqual([status, body.status], [202, batch_rows === null ? "erased" : "pending"]);
    if (batch_rows !== null) {
      assert.notDeepEqual(await tablesWith(personal), []);
      while ((await target.call("erase_step", { limit: batch_rows }))["left"]) continue;
    }
    assert.deepEqual(await tablesWith(personal), []);
    const kept = await owner.query(marks);
    assert.equal(kept.rowCount, earlier.rowCount! + 1);
  });
}
