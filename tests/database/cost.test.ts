// What a turn costs does not grow with the conversation: counted in pages touched, not in time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { append, begin, finish, newUser, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

/** A session with this many messages, as if so many turns had been made. */
async function longSession(
  messages: number,
): Promise<{ user: Row & { kind: string }; session_id: string }> {
  const user = newUser();
  const { session_id, message_id } = await say(target, user, "First?", "First.");
  // Without triggers: checking the foreign keys of so many rows takes longer than all the rest.
  await target.asOwner(
    `set session_replication_role = replica;
     with recursive added as (
       select 2 as position, '${message_id}'::uuid as message_id, null::uuid as parent_id
       union all
       select position + 1, gen_random_uuid(), message_id from added where position < ${messages}
     ), stored as (
       insert into public.messages
         (message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, role, content)
       select message_id, '${session_id}', '${user["subject"]}', parent_id, gen_random_uuid(),
         (position + 1) / 2, position, case position % 2 when 1 then 'user' else 'assistant' end,
         repeat('A fox. ', 20)
       from added where position > 2
       returning position, message_id
     )
     update public.sessions set message_count = ${messages}, turn_count = ${messages} / 2,
       active_leaf_id = (select message_id from stored order by position desc limit 1)
     where session_id = '${session_id}';
     reset session_replication_role`,
  );
  return { user, session_id };
}

/** Pages that a call touches, once its connection has read the catalogue; rolled back. */
async function measure(name: string, request: object): Promise<number> {
  const argument = JSON.stringify(request).replaceAll("'", "''");
  const explain = `explain (analyze, buffers, format json) select public.${name}('${argument}'::jsonb)`;
  let pages = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const [row] = await target.tryAs("service_role", explain);
    const plan = row!["QUERY PLAN"][0]["Plan"] as Row;
    pages = Math.min(pages, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
  }
  return pages;
}

test("a turn in a session of 20,000 messages touches about as many pages as in one of 100", async () => {
  const short = await longSession(100);
  const long = await longSession(20_000);
  await target.asOwner("vacuum analyze");
  const pages = async ({ user, session_id }: typeof short) => {
    const beginning = {
      principal: user,
      kind: "chat",
      session_id,
      text: "Next?",
      history_budget_tokens: 3000,
    };
    const first = await measure("begin_turn", beginning);
    const turn = await begin(target, user, beginning);
    assert.ok(turn["history"].length > 60, "the budget is used");
    await append(target, turn, 0, "A ");
    const added = await measure("append_chunk", {
      generation_id: turn["generation_id"],
      from_offset: 2,
      text: "f",
    });
    const last = await measure("finish_turn", {
      generation_id: turn["generation_id"],
      status: "complete",
      from_offset: 2,
      text: "fox.",
    });
    await finish(target, turn);
    return { first, added, last };
  };
  const [few, many] = [await pages(short), await pages(long)];
  console.log("pages touched with 100 messages", few, "with 20,000", many);
  assert.ok(many.first < few.first * 1.5, `begin_turn: ${many.first} pages against ${few.first}`);
  assert.ok(many.added < few.added * 1.5, `append_chunk: ${many.added} pages against ${few.added}`);
  assert.ok(many.last < few.last * 1.5, `finish_turn: ${many.last} pages against ${few.last}`);
});

test("the lists that people ask for come from an index", async () => {
  const { user } = await longSession(1000);
  for (let index = 0; index < 300; index += 1) await begin(target, newUser());
  await target.asOwner("analyze");
  const plan = async (sql: string) => {
    const rows = await target.tryAs("authenticated", `explain (costs off) ${sql}`, {
      sub: user["subject"],
    });
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };
  assert.match(
    await plan("select * from public.sessions order by last_message_at desc limit 20"),
    /Index Scan using sessions_of_owner/,
  );
  assert.match(
    await plan("select * from public.projects order by updated_at desc limit 20"),
    /Index Scan using projects_of_owner/,
  );
  const [session] = await target.select("sessions", { owner_id: user["subject"] });
  assert.match(
    await plan(`select * from public.messages where session_id = '${session!["session_id"]}'
      order by position desc limit 50`),
    /Index Scan Backward using messages_session_id_owner_id_position_key/,
  );
});
