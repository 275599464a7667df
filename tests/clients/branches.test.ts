// A conversation that branches: edited messages, other takes of replies, replies that their reader
// edits and has continued; and the prompt for each. With supabase-js and with plain fetch; after each
// step all tables are checked.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { APIS, type Account, type Api } from "./api.ts";
import type { Row } from "./backend.ts";
import type { Ledger } from "./ledger.ts";
import { FIRST_TURN, Life } from "./life.ts";
import { onEachRuntime, type Stack } from "./stack.ts";

onEachRuntime("branches", (stack) => {
  for (const Way of APIS) {
    describe(`with ${Way.title}`, () => branch(stack, (at) => new Way(at), Way.title));
  }
});

function branch(stack: () => Stack, makeApi: (stack: Stack) => Api, title: string): void {
  let api: Api;
  let life: Life;
  let ledger: Ledger;
  let turns: Life["turns"];
  let sent: Life["sent"];
  let account: Account;
  let sessionId: string;
  before(async () => {
    api = makeApi(stack());
    life = new Life(stack(), api);
    ({ ledger, turns, sent } = life);
    account = await api.signUp();
  });

  const backend = () => stack().backend;
  const words = (text: string) => `${text} (${stack().runtime}, ${title})`;
  const opening = () => words("There is a door in the sea.");

  test("three turns, one after the other", async () => {
    const begin = { text: opening() };
    await life.turn("first", "chat", begin, "Who found it?", ["principals", "principal_plans", ...FIRST_TURN]);
    sessionId = turns["first"]!["session_id"];
    const second = { text: words("A keeper."), session_id: sessionId };
    await life.turn("second", "chat", second, "What did she want?");
    const third = { text: words("To sleep."), session_id: sessionId };
    await life.turn("third", "chat", third, "And what stopped her?");
    assert.equal((await life.conversation(sessionId)).length, 6);
  });

  test("says something else than it said before", async () => {
    const body = {
      text: words("A fish."),
      edit_from_message_id: turns["second"]!["user_message_id"],
      session_id: sessionId,
    };
    await life.turn("edited", "chat", body, "A fish with keys?");
    assert.equal(
      (await life.message(turns["edited"]!["user_message_id"]))["parent_id"],
      turns["first"]!["message_id"],
    );
    assert.deepEqual(await life.conversation(sessionId), [
      opening(),
      "Who found it?",
      words("A fish."),
      "A fish with keys?",
    ]);
    const counts = ledger.counts(account.id, "projects", "messages", "generations", "usage");
    assert.deepEqual(counts, [1, 8, 4, 4]);
  });

  test("takes a second answer, and goes back to the first", async () => {
    const { message_id: firstTake, user_message_id } = turns["edited"] as any;
    await life.turn("again", `chat/messages/${firstTake}/regenerate`, {}, "A flying fish?");
    const secondTake = turns["again"]!["message_id"];
    assert.deepEqual(
      [turns["again"]!["user_message_id"], sent["again"]],
      [user_message_id, sent["edited"]],
    );
    assert.equal((await life.conversation(sessionId)).at(-1), "A flying fish?");
    const takes = async () => {
      const { body } = await life.get(`chat/messages/${firstTake}/takes`);
      return (body as Row[]).map((take) => [
        take["message_id"],
        take["take_number"],
        take["take_count"],
        take["is_active"],
      ]);
    };
    assert.deepEqual(await takes(), [
      [firstTake, 1, 2, false],
      [secondTake, 2, 2, true],
    ]);

    const select = () => api.call("POST", `chat/messages/${firstTake}/select`);
    const selected = await ledger.changes(["sessions"], select);
    assert.deepEqual(selected.body, {
      session_id: sessionId,
      message_id: firstTake,
      active_leaf_id: firstTake,
    });
    assert.equal((await ledger.reads(select)).status, 200);
    assert.equal(
      (await backend().rows("sessions", { session_id: sessionId }))[0]!["active_leaf_id"],
      firstTake,
    );
    assert.equal((await life.conversation(sessionId)).at(-1), "A fish with keys?");
    assert.deepEqual(await takes(), [
      [firstTake, 1, 2, true],
      [secondTake, 2, 2, false],
    ]);
  });

  test("writes a part of a reply itself, and has it continued", async () => {
    const { message_id } = turns["edited"] as any;
    const content = words("A fish with a key, and");
    const edit = () => api.call("PATCH", `chat/messages/${message_id}`, { body: { content } });
    const edited = await ledger.changes(["messages", "message_revisions"], edit);
    assert.deepEqual(
      [edited.status, edited.body.content, edited.body.metadata.is_edited],
      [200, content, true],
    );
    assert.deepEqual(
      [(await life.message(message_id))["content"], (await life.message(message_id))["revision"]],
      [content, 2],
    );
    const revisions = await backend().rows("message_revisions", { message_id });
    assert.deepEqual(
      revisions.map((row) => row["content"]),
      ["A fish with keys?"],
    );

    await life.turn("continued", `chat/messages/${message_id}/continue`, {}, " the key fits.");
    const whole = await life.message(turns["continued"]!["message_id"]);
    assert.deepEqual(
      [whole["content"], whole["parent_id"]],
      [`${content} the key fits.`, edited.body.parent_id],
    );
    assert.equal(whole["metadata"]["continued_from"], message_id);
    assert.deepEqual((await life.conversation(sessionId)).slice(-2), [
      words("A fish."),
      `${content} the key fits.`,
    ]);
    assert.equal(
      (await life.message(message_id))["content"],
      content,
      "the reply that was continued stays",
    );
  });

  test("reads what the model was sent, byte by byte, whatever was changed since", async () => {
    await life.turn("last", "chat", { text: words("Does it?"), session_id: sessionId }, "It does.");
    for (const [name, { message_id, stream_id }] of Object.entries(turns)) {
      const { body } = await life.get(`chat/messages/${message_id}/context`);
      const [system, ...others] = sent[name]!;
      assert.equal(body.system_prompt, system!.content, name);
      assert.equal(system!.role, "system");
      const told = (body.messages as Row[]).map(({ role, content }) => ({ role, content }));
      assert.equal(JSON.stringify(told), JSON.stringify(others), name);
      assert.deepEqual([body.message_id, body.stream_id], [message_id, stream_id], name);
      assert.deepEqual(
        [body.provider, body.model, body.tokens],
        ["local", "scripted", { in: 11, out: 7 }],
      );
    }
    const actions = await backend().rows("generations", { owner_id: account.id }, "epoch");
    assert.deepEqual(
      actions.map(({ action }) => action),
      ["say", "say", "say", "edit", "regenerate", "continue", "say"],
    );
  });
}
