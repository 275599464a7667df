// The cost of takes, edits and continuations does not grow with the conversation before them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { editReply, select, takes } from "./actions.ts";
import { longSession, measure } from "./long_session.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { begin, finish, only, type Principal } from "./turns.ts";

const LONG = 100_000;

let target: SqlTarget;
let short: { user: Principal; session_id: string };
let long: { user: Principal; session_id: string };
before(async () => {
  target = await startSqlTarget(process.cwd());
  [short, long] = [await longSession(target, 100), await longSession(target, LONG)];
  await target.asOwner("vacuum analyze");
});
after(() => target.stop());

const at = (session_id: string, position: number) =>
  only(target, "messages", { session_id, position });

test(`at the end of ${LONG} messages each costs about as many pages as at the end of 100`, async () => {
  const pages = async ({ user, session_id }: typeof short): Promise<Row> => {
    const { message_count } = await only(target, "sessions", { session_id });
    const question = (await at(session_id, message_count - 3))["message_id"];
    const reply = (await at(session_id, message_count - 2))["message_id"];
    const beginning = { principal: user, kind: "chat", history_budget_tokens: 3000 };
    const about = { ...beginning, message_id: reply };
    const turn = await begin(target, user, {
      session_id,
      idempotency_key: "key",
      request_hash: "0".repeat(64),
    });
    const counts: Row = {};
    const read = { principal: user, generation_id: turn["generation_id"] };
    counts["read_turn"] = await measure(target, "read_turn", read);
    counts["repeat"] = await measure(target, "begin_turn", {
      ...beginning,
      text: "?",
      idempotency_key: "key",
      request_hash: "0".repeat(64),
    });
    await finish(target, turn);
    for (const action of ["regenerate", "continue"]) {
      counts[action] = await measure(target, "begin_turn", { ...about, action });
    }
    const edit = { ...about, action: "edit", message_id: question, text: "?" };
    counts["edit"] = await measure(target, "begin_turn", edit);
    const change = { principal: user, message_id: reply, body: { content: "x" } };
    counts["edit_reply"] = await measure(target, "edit_reply", change);
    const take = await begin(target, user, { action: "regenerate", message_id: reply, text: null });
    await finish(target, take);
    for (const name of ["list_takes", "select_message"]) {
      counts[name] = await measure(target, name, { principal: user, message_id: reply });
    }
    counts["read_context"] = await measure(target, "read_context", {
      principal: user,
      message_id: take["message_id"],
    });
    return counts;
  };
  const [few, many] = [await pages(short), await pages(long)];
  console.log("pages touched with 100 messages", few, `with ${LONG}`, many);
  for (const [name, count] of Object.entries(many)) {
    assert.ok(count < few[name] * 1.5 + 10, `${name}: ${count} pages against ${few[name]}`);
  }
});

test(`the first of ${LONG} messages can be taken and selected: a step for each message after it`, async () => {
  const { user, session_id } = long;
  const [question, reply] = [await at(session_id, 1), await at(session_id, 2)];
  const first = await select(target, user, reply["message_id"]);
  const edit = await begin(target, user, {
    action: "edit",
    message_id: question["message_id"],
    text: "Otherwise?",
  });
  await finish(target, edit);
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    const elapsed_ms = performance.now() - start;
    console.log(`${name}: ${Math.round(elapsed_ms)} ms`);
    assert.ok(elapsed_ms < 10_000, `${name} took ${elapsed_ms} ms`);
    return result;
  };
  const back = await timed("select the first of 100,000", () =>
    select(target, user, question["message_id"]),
  );
  assert.equal(back["active_leaf_id"], first["active_leaf_id"]);
  const list = await timed("list its takes", () => takes(target, user, question["message_id"]));
  assert.deepEqual(
    list.map((take) => [take["take_number"], take["take_count"], take["is_active"]]),
    [
      [1, 2, true],
      [2, 2, false],
    ],
  );
  await editReply(target, user, reply["message_id"], "Changed.");
  await select(target, user, edit["message_id"]);
  const next = await begin(target, user, { session_id });
  assert.equal(next["history"][0].content, "Otherwise?");
});
