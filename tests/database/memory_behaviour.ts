// Companions' memories, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { pastedChapter } from "../field_cases.ts";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { act as takeAction, contents, select } from "./actions.ts";
import { ask } from "./lists.ts";
import {
  act,
  claimedReading,
  claimReading,
  commitReading,
  found,
  memoriesOf,
  NO_CHARACTER,
  remember,
  talk,
  userEntry,
} from "./memories.ts";
import { postponeOthers, claim, commit } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, newUser, only, refusal, type Principal } from "./turns.ts";

const COMPANION = { kind: "companion", system_prompt: "Be kind." };

export function describeMemories(target: () => Target): void {
  const asked = (user: Principal, text: string, changes: Row = {}) =>
    begin(target(), user, { ...COMPANION, text, ...changes });
  const prompt = async (user: Principal, text: string, changes: Row = {}): Promise<string> => {
    const turn = await asked(user, text, changes);
    await finish(target(), turn);
    return turn["system_prompt"];
  };
  const context = async (principal: Principal, message_id: string): Promise<Row> =>
    (await ask(target(), principal, "read_context", { message_id }))["body"];
  const fresh = async () => {
    await postponeOthers(target());
    return newUser();
  };

  test("what the user says is read once, with what was said before it", async () => {
    const user = await fresh();
    const first = await talk(target(), user, "My sister is called Ada.");
    const second = await talk(target(), user, "And I have a cat.", { session_id: first["session_id"] });
    const step = await claimedReading(target());
    assert.equal(step["kind"], "companion_memory");
    assert.deepEqual(step["entries"], []);
    assert.deepEqual(
      step["messages"].map((message: Row) => [message["message_id"], message["role"], message["text"]]),
      [
        [first["user_message_id"], "user", "My sister is called Ada."],
        [second["user_message_id"], "user", "And I have a cat."],
      ],
    );
    assert.deepEqual(
      step["before"].map((message: Row) => message["text"]),
      ["I see."],
    );
    assert.ok(Math.abs(step["messages"][0]["created_at"] - Date.now()) < 60_000);
    await commitReading(target(), step, [
      { text: "The user's sister is called Ada.", message_id: first["user_message_id"] },
    ]);
    assert.equal(await claimReading(target()), null);
    const [memory] = (
      await ask(target(), user, "list_memories", { companion_id: NO_CHARACTER, query: {} })
    )["body"];
    assert.deepEqual(
      [memory["type"], memory["text"], memory["source"], memory["message_id"], memory["is_pinned"]],
      ["user_fact", "The user's sister is called Ada.", "extracted", first["user_message_id"], false],
    );
  });

  test("a long message is read in parts, all of it, and what is found at its end has its place", async () => {
    for (const [story, fact] of [
      [pastedChapter(), " My sister is called Ada."],
      ["Смотрительница медленно поднималась по мокрой лестнице. ".repeat(500), "Мою сестру зовут Ада."],
      ["她慢慢地走上湿漉漉的楼梯,一级一级地数着。".repeat(900), "我的妹妹叫艾达。"],
      ["🦊🏮".repeat(6000), "Meine Schwester heißt Ada."],
    ] as const) {
      const user = await fresh();
      const { session_id, user_message_id } = await talk(target(), user, story + fact);
      await talk(target(), user, "And I have a cat.", { session_id });
      let read = "";
      let begin = -1;
      for (let step = await claimReading(target()); step !== null; step = await claimReading(target())) {
        const [part, ...others] = step["messages"] as Row[];
        if (part!["message_id"] !== user_message_id) {
          assert.deepEqual([part!["text"], others], ["And I have a cat.", []]);
          await commitReading(target(), step, []);
          continue;
        }
        assert.equal(part!["from_byte"], Buffer.byteLength(read));
        const [before] = step["before"] as Row[];
        assert.equal(before?.["message_id"], read === "" ? undefined : user_message_id, "its part before");
        if (read !== "") assert.ok(read.endsWith(before!["text"]));
        read += part!["text"];
        assert.ok(Buffer.byteLength(part!["text"]) <= 24_576);
        const at = part!["text"].indexOf(fact.trim());
        if (at < 0) {
          await commitReading(target(), step, []);
          continue;
        }
        begin = part!["from_byte"] + Buffer.byteLength(part!["text"].slice(0, at));
        await commitReading(target(), step, [
          { text: "The user's sister is called Ada.", message_id: user_message_id, quote: fact.trim(), begin },
        ]);
      }
      assert.equal(read, story + fact);
      assert.equal(begin, Buffer.byteLength(story + fact) - Buffer.byteLength(fact.trim()));
      assert.deepEqual(await memoriesOf(target(), user), ["The user's sister is called Ada."]);
    }
  });

  test("a message without words, and a conversation without a companion, leave no work", async () => {
    const user = await fresh();
    await talk(target(), user, "Ok, thanks!");
    await finish(target(), await begin(target(), user, { text: "My sister is called Ada." }));
    assert.equal(await claimReading(target()), null);
  });

  test("a memory is told when it is relevant, in every conversation with the companion", async () => {
    const user = await fresh();
    const { session_id } = await remember(
      target(),
      user,
      "My sister Ada is allergic to peanuts.",
      "The user's sister Ada is allergic to peanuts.",
    );
    assert.equal(await prompt(user, "How is the weather?", { session_id }), "Be kind.");
    for (const text of ["What shall I cook for ADA?", "Is she allergic?", "Peanut butter!"]) {
      const told = await prompt(user, text);
      assert.match(told, /^Be kind\.\n\nWhat you remember .*\n- The user's sister Ada is allergic to peanuts\.$/s);
    }
    assert.match(await prompt(user, `${pastedChapter()}\n\nWhat shall I cook for Ada?`), /allergic to peanuts\.$/);
    const another = await talk(target(), user, "Ada?", { character_id: randomUUID() });
    assert.equal((await context(user, another["message_id"]))["system_prompt"], "Be kind.");
  });

  test("a reply's context names the memories, without the words of those that are gone", async () => {
    const user = await fresh();
    await remember(target(), user, "I like tea.", "The user likes tea.");
    const turn = await talk(target(), user, "Tea?");
    const before = await context(user, turn["message_id"]);
    const { memory } = found({ text: "The user likes tea." });
    assert.deepEqual(
      before["memories"].map((told: Row) => [told["memory_id"], told["text"]]),
      [[memory["memory_id"], "The user likes tea."]],
    );
    assert.match(before["system_prompt"], /- The user likes tea\.$/);
    await act(target(), user, { assertions: [userEntry()], memories: [] });
    const after = await context(user, turn["message_id"]);
    assert.deepEqual(after["memories"], [{ memory_id: memory["memory_id"] }]);
    assert.equal(after["system_prompt"], "Be kind.");
  });

  test("pinned memories are always told, and no more than the budget holds", async () => {
    const user = await fresh();
    const memories = Array.from({ length: 30 }, (_, number) => ({
      ...found({ text: `The user owns the painting ${number} ${"x".repeat(300)}` }).memory,
      is_pinned: number === 7,
    }));
    await act(target(), user, { memories });
    const weather = await prompt(user, "How is the weather?");
    assert.equal(weather.match(/painting/g)?.length, 1);
    assert.match(weather, /painting 7 /);
    const turn = await asked(user, "Painting 3?", { history_budget_tokens: 1200 });
    const told: string = turn["system_prompt"];
    assert.ok(told.indexOf("painting 7 ") < told.indexOf("painting 3 "), "the pinned one first");
    assert.ok(Buffer.byteLength(told) < 1600, `${Buffer.byteLength(told)} bytes`);
  });

  test("memories take their room from the history's", async () => {
    const user = await fresh();
    const { session_id } = await talk(target(), user, "x".repeat(400));
    await talk(target(), user, "y".repeat(400), { session_id });
    const roomy = await asked(user, "Tea?", { session_id, history_budget_tokens: 300 });
    assert.equal(roomy["history"].length, 4);
    assert.ok(contents(roomy["history"]).includes("x".repeat(400)));
    await finish(target(), roomy);
    await act(target(), user, { memories: [found({ text: "The user likes tea." }).memory] });
    const narrow = await asked(user, "Tea?", { session_id, history_budget_tokens: 300 });
    assert.match(narrow["system_prompt"], /likes tea/);
    assert.ok(!contents(narrow["history"]).includes("x".repeat(400)), "the oldest text is cut or left out");
  });

  test("what is swiped away or edited is not told from the same moment on, unless it is pinned", async () => {
    const user = await fresh();
    const first = await talk(target(), user, "Hello there, friend.");
    const { session_id } = first;
    await commitReading(target(), await claimedReading(target()), []);
    const told = await remember(target(), user, "I like tea.", "The user likes tea.", { session_id });
    assert.match(await prompt(user, "Tea?"), /likes tea/);
    const edited = await takeAction(target(), user, "edit", told["user_message_id"], {
      ...COMPANION,
      text: "I like nothing.",
    });
    await finish(target(), edited);
    assert.equal(await prompt(user, "Tea?"), "Be kind.");
    assert.deepEqual(await memoriesOf(target(), user), []);
    // Its log must be folded again, and shows which entries are off the path.
    const step = (await claimedReading(target()))!;
    assert.deepEqual(
      step["entries"].map((entry: Row) => entry["is_off_path"]),
      [true],
    );
    await commitReading(target(), step, []);
    // It comes back with its message, when the log has been folded.
    await select(target(), user, told["user_message_id"]);
    const again = await claimedReading(target());
    assert.deepEqual(
      again["entries"].map((entry: Row) => entry["is_off_path"]),
      [false],
    );
    const kept = found({ text: "The user likes tea.", message_id: told["user_message_id"] }).memory;
    await commitReading(target(), again, [], { kept: [{ ...kept, is_pinned: true, message_ids: [] }] });
    await select(target(), user, edited["user_message_id"]);
    assert.match(await prompt(user, "Tea?"), /likes tea/, "it is pinned");
  });

  test("a deleted conversation is forgotten, and so is what a late worker found in it", async () => {
    const user = await fresh();
    const { session_id } = await remember(target(), user, "I like tea.", "The user likes tea.");
    await talk(target(), user, "I own a boat.", { session_id });
    const late = await claimedReading(target());
    await target().call("delete_session", { principal: user, session_id });
    assert.deepEqual(await memoriesOf(target(), user), []);
    await commitReading(target(), late, [
      { text: "The user owns a boat.", message_id: late["messages"][0]["message_id"] },
    ]);
    assert.deepEqual(await memoriesOf(target(), user), []);
    const log = await target().call("read_memory_log", { principal: user, companion_id: NO_CHARACTER });
    assert.deepEqual(log["entries"], []);
  });

  test("a late worker stores nothing of a message that has left the path", async () => {
    const user = await fresh();
    const first = await talk(target(), user, "I like tea.");
    const late = await claimedReading(target());
    const edited = await takeAction(target(), user, "edit", first["user_message_id"], {
      ...COMPANION,
      text: "I like coffee.",
    });
    await finish(target(), edited);
    await commitReading(target(), late, [
      { text: "The user likes tea.", message_id: first["user_message_id"] },
    ]);
    assert.deepEqual(await memoriesOf(target(), user), []);
    assert.equal(await prompt(user, "Tea?"), "Be kind.");
    const next = await claimedReading(target());
    assert.deepEqual(next["entries"], []);
    assert.deepEqual(
      next["messages"].map((message: Row) => message["text"]),
      ["I like coffee."],
    );
  });

  test("who has not seen the newest entries folds anew, without asking a model again", async () => {
    const user = await fresh();
    const { user_message_id } = await talk(target(), user, "I like tea.");
    const step = await claimedReading(target());
    const dog = found({ text: "The user's dog is called Rex." });
    await act(target(), user, { assertions: [dog.assertion], memories: [dog.memory] });
    await commitReading(target(), step, [{ text: "The user likes tea.", message_id: user_message_id }]);
    assert.deepEqual(await memoriesOf(target(), user), ["The user's dog is called Rex."]);
    const next = await claimedReading(target());
    assert.deepEqual([next["messages"], next["entries"].length], [[], 2]);
    const tea = found({ text: "The user likes tea.", message_id: user_message_id }).memory;
    await commitReading(target(), next, [], { kept: [dog.memory, tea] });
    assert.equal((await memoriesOf(target(), user)).length, 2);
    assert.equal(await claimReading(target()), null);
    // The user's own request is in the prompt; the client repeats it.
    const log = await target().call("read_memory_log", { principal: user, companion_id: NO_CHARACTER });
    const stale = { principal: user, memory_log_id: log["memory_log_id"], base: log["version"] - 1 };
    const answer = await target().call("commit_memories", { ...stale, assertions: [], memories: [] });
    assert.equal(answer["is_folded"], false);
    assert.equal((await memoriesOf(target(), user)).length, 2);
  });

  test("what is forgotten is erased, and its words are in no summary that is made then", async () => {
    const user = await fresh();
    const text = "I bake. My sister is called Ada. I sing.";
    const first = await talk(target(), user, text);
    const { session_id, user_message_id } = first;
    const quote = "My sister is called Ada.";
    const ada = { text: "The user's sister is called Ada.", message_id: user_message_id, quote, begin: 8 };
    await commitReading(target(), await claimedReading(target()), [ada]);
    for (let number = 0; number < 4; number += 1) {
      await talk(target(), user, `Well ${number}`, { session_id, history_budget_tokens: 40 });
    }
    await commit(target(), (await claim(target()))!, "The sister is called Ada.");
    await act(target(), user, {
      assertions: [userEntry()],
      erased: [found(ada).assertion.assertion_id],
      memories: [],
    });
    const log = await target().call("read_memory_log", { principal: user, companion_id: NO_CHARACTER });
    assert.doesNotMatch(JSON.stringify(log), /Ada/);
    const turn = await asked(user, "Ada?", { session_id, history_budget_tokens: 60 });
    assert.equal(turn["summary"], null);
    await finish(target(), turn);
    const task = (await claim(target()))!;
    assert.equal(task["previous_summary"], null);
    assert.equal(task["messages"][0]["content"], "I bake.  I sing.");
  });

  test("memories are exported, and hidden from everybody else", async () => {
    const user = await fresh();
    await remember(target(), user, "I like tea.", "The user likes tea.");
    const companion_id = NO_CHARACTER;
    const all = (await ask(target(), user, "export_memories", { companion_id }))["body"];
    assert.equal(all["character_id"], null);
    assert.deepEqual(
      all["memories"].map((memory: Row) => [memory["text"], memory["quote"]]),
      [["The user likes tea.", "The user likes tea."]],
    );
    const { memory_id } = all["memories"][0];
    const one = await ask(target(), user, "read_memory", { companion_id, memory_id });
    assert.equal(one["body"]["text"], "The user likes tea.");
    const other = newUser();
    assert.deepEqual(await memoriesOf(target(), other), []);
    await assert.rejects(
      ask(target(), other, "read_memory", { companion_id, memory_id }),
      refusal(404, "not_found"),
    );
    const log = await target().call("read_memory_log", { principal: user, companion_id });
    await assert.rejects(
      target().call("commit_memories", { ...log, base: log["version"], principal: other, assertions: [], memories: [] }),
      refusal(404, "not_found"),
    );
    for (const name of ["list_memories", "read_memory_log", "export_memories", "read_memory"]) {
      await assert.rejects(
        ask(target(), user, name, { companion_id: randomUUID(), query: {} }),
        refusal(404, "not_found"),
      );
    }
  });

  test("a deleted character takes its memories along; a deleted account all", async () => {
    const user = await fresh();
    const { body } = await ask(target(), user, "save_character", { body: { name: "Mara" } });
    const { character_id } = body;
    await remember(target(), user, "I like tea.", "The user likes tea.", { character_id });
    assert.deepEqual(await memoriesOf(target(), user, character_id), ["The user likes tea."]);
    assert.deepEqual(await memoriesOf(target(), user), []);
    await ask(target(), user, "delete_character", { companion_id: character_id });
    await assert.rejects(memoriesOf(target(), user, character_id), refusal(404, "not_found"));
    await remember(target(), user, "I like milk.", "The user likes milk.");
    const owner_id = user["subject"];
    assert.equal((await target().select("memories", { owner_id })).length, 1);
    await ask(target(), user, "delete_account");
    for (const table of ["memories", "memory_entries", "memory_logs", "memory_readings"]) {
      assert.deepEqual(await target().select(table, { owner_id }), [], table);
    }
  });

  test("a guest's memories move to the account, beside those that it has", async () => {
    await postponeOthers(target());
    const guest = await guestOf(target());
    const account = await personOf(target(), newUser());
    await remember(target(), guest.principal, "I like tea.", "The user likes tea.");
    await remember(target(), account.principal, "I like milk.", "The user likes milk.");
    await migrate(target(), account, guest);
    assert.deepEqual((await memoriesOf(target(), account.principal)).sort(), [
      "The user likes milk.",
      "The user likes tea.",
    ]);
    const log = await target().call("read_memory_log", {
      principal: account.principal,
      companion_id: NO_CHARACTER,
    });
    assert.equal(log["entries"].length, 2);
    assert.ok(log["entries"].every((entry: Row) => !entry["is_off_path"]));
    const [row] = await target().select("memory_logs", { owner_id: account.id });
    assert.equal(Number(row!["last_position"]), 2);
  });

  test("reading that fails for good is not tried for ever", async () => {
    const user = await fresh();
    await talk(target(), user, "I like tea.");
    const step = await claimedReading(target());
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const current = attempt === 1 ? step : await claimedReading(target());
      await target().call("fail_step", {
        job_id: current["job_id"],
        step: current["step"],
        lease_token: current["lease_token"],
        error: "It was away.",
      });
      await target().update("job_steps", { job_id: step["job_id"] }, { run_after: "2020-01-01T00:00:00Z" });
    }
    const job = await only(target(), "jobs", { job_id: step["job_id"] });
    assert.equal(job["status"], "failed");
    const [reading] = await target().select("memory_readings", { owner_id: user["subject"] });
    assert.deepEqual([reading!["failures"], reading!["is_read"]], [1, false]);
  });
}
