// The cost of a turn does not grow with the conversation: counted in pages touched, not in time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { longSession, measure } from "./long_session.ts";
import { look, newConnection, open, turnIn } from "./realtime.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { append, begin, finish, newUser, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

test("a turn in a session of 100,000 messages touches about as many pages as in one of 100", async () => {
  const short = await longSession(target, 100);
  const long = await longSession(target, 100_000);
  await target.asOwner("vacuum analyze");
  const pages = async ({ user, session_id }: typeof short) => {
    const beginning = {
      principal: user,
      kind: "chat",
      session_id,
      text: "Next?",
      history_budget_tokens: 3000,
    };
    const first = await measure(target, "begin_turn", beginning);
    const turn = await begin(target, user, beginning);
    assert.ok(turn["history"].length > 60, "the budget is used");
    await append(target, turn, 0, "A ");
    const added = await measure(target, "append_chunk", {
      generation_id: turn["generation_id"],
      from_offset: 2,
      text: "f",
    });
    const last = await measure(target, "finish_turn", {
      generation_id: turn["generation_id"],
      status: "complete",
      from_offset: 2,
      text: "fox.",
    });
    await finish(target, turn);
    return { first, added, last };
  };
  const [few, many] = [await pages(short), await pages(long)];
  console.log("pages touched with 100 messages", few, "with 100,000", many);
  assert.ok(many.first < few.first * 1.5, `begin_turn: ${many.first} pages against ${few.first}`);
  assert.ok(many.added < few.added * 1.5, `append_chunk: ${many.added} pages against ${few.added}`);
  assert.ok(many.last < few.last * 1.5, `finish_turn: ${many.last} pages against ${few.last}`);
});

test("a connection's look costs as little after 300 turns as after three, and a page of events too", async () => {
  const user = newUser();
  const connection = newConnection(user);
  await open(target, connection);
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn += 1) {
      await say(target, user, `${turn}?`, `${turn}.`, turnIn(connection));
    }
    await target.asOwner("vacuum analyze");
    const { last_event_id } = await look(target, connection, 0, { limit: 1 });
    const asking = { ...connection, left_seconds: 60, limit: 100 };
    const request = { ...asking, after_event_id: last_event_id };
    return {
      look: await measure(target, "look_at_realtime_session", request),
      page: await measure(target, "look_at_realtime_session", { ...asking, after_event_id: 0, limit: 4 }),
    };
  };
  const few = await turns(3);
  const many = await turns(300);
  console.log("pages touched after 3 turns", few, "after 303", many);
  for (const [what, pages] of Object.entries(many)) {
    assert.ok(pages <= 25 && pages <= few.look * 2, `${what}: ${pages} pages`);
  }
});

test("the lists that people ask for come from an index", async () => {
  const { user } = await longSession(target, 1000);
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
    /Index Scan using sessions_listed/,
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
