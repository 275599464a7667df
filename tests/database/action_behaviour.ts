// Edits, other takes and continuations, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, contents, retake, select } from "./actions.ts";
import type { Row, Target } from "./target.ts";
import {
  append,
  begin,
  finish,
  messagesOf,
  newUser,
  only,
  refusal,
  say,
  silence,
} from "./turns.ts";

export function describeActions(target: () => Target): void {
  const message = (message_id: unknown) => only(target(), "messages", { message_id });
  const session = (turn: Row) => only(target(), "sessions", { session_id: turn["session_id"] });

  test("a turn that says no action is one that says something", async () => {
    const turn = await begin(target(), newUser());
    assert.deepEqual([turn["action"], turn["base_bytes"], turn["replayed"]], ["say", 0, false]);
    assert.equal((await message(turn["user_message_id"]))["depth"], 1);
    await finish(target(), turn);
    assert.equal((await message(turn["message_id"]))["depth"], 2);
  });

  test("an edit is a turn of its own beside the message, with the history before it", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const second = await say(target(), user, "Two?", "Two.", { session_id: first["session_id"] });
    const edit = await retake(target(), user, "edit", second["user_message_id"], "Zwei.", {
      text: "Zwei?",
      session_id: first["session_id"],
    });
    assert.deepEqual(contents(edit["history"]), ["One?", "One."]);
    assert.deepEqual(
      [edit["action"], edit["turn_number"], edit["created_session"], edit["session_id"]],
      ["edit", 3, false, first["session_id"]],
    );
    const question = await message(edit["user_message_id"]);
    assert.deepEqual(
      [question["parent_id"], question["content"], question["depth"], question["position"]],
      [first["message_id"], "Zwei?", 3, 5],
    );
    assert.equal((await session(first))["active_leaf_id"], edit["message_id"]);
    const next = await begin(target(), user, { session_id: first["session_id"] });
    assert.deepEqual(contents(next["history"]), ["One?", "One.", "Zwei?", "Zwei."]);
  });

  test("the first message can be edited too", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const edit = await retake(target(), user, "edit", first["user_message_id"], "Eins.", {
      text: "Eins?",
    });
    assert.deepEqual(edit["history"], []);
    const question = await message(edit["user_message_id"]);
    assert.deepEqual([question["parent_id"], question["depth"]], [null, 1]);
    const next = await begin(target(), user, { session_id: first["session_id"] });
    assert.deepEqual(contents(next["history"]), ["Eins?", "Eins."]);
  });

  test("a reply that is taken again is one more answer in its question's turn", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const { session_id } = first;
    const second = await say(target(), user, "Two?", "Two.", { session_id });
    await say(target(), user, "Three?", "Three.", { session_id });
    const take = await act(target(), user, "regenerate", second["message_id"]);
    assert.deepEqual(contents(take["history"]), ["One?", "One.", "Two?"]);
    assert.deepEqual(
      [take["user_message_id"], take["turn_number"], take["created_session"]],
      [second["user_message_id"], 2, false],
    );
    assert.equal((await session(first))["active_leaf_id"], second["user_message_id"]);
    await finish(target(), take, { text: "Zwei." });
    const [old, other] = [await message(second["message_id"]), await message(take["message_id"])];
    for (const key of ["parent_id", "turn_id", "turn_number", "depth"]) {
      assert.equal(other[key], old[key], key);
    }
    assert.deepEqual([old["content"], other["content"], other["position"]], ["Two.", "Zwei.", 7]);
    const { active_leaf_id, turn_count, message_count } = await session(first);
    assert.deepEqual([active_leaf_id, turn_count, message_count], [take["message_id"], 3, 7]);
    const next = await begin(target(), user, { session_id });
    assert.deepEqual(contents(next["history"]), ["One?", "One.", "Two?", "Zwei."]);
    assert.equal(next["turn_number"], 4);
  });

  test("a user's message can be answered again, also when it has no answer", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { text: "One?" });
    await finish(target(), turn, { status: "failed", text: "" });
    const once = await retake(target(), user, "regenerate", turn["user_message_id"], "One.");
    assert.deepEqual(once["history"], [{ role: "user", content: "One?" }]);
    const twice = await retake(target(), user, "regenerate", turn["user_message_id"], "Eins.");
    assert.deepEqual(contents(await messagesOf(target(), turn)), ["One?", "One.", "Eins."]);
    assert.equal((await session(turn))["active_leaf_id"], twice["message_id"]);
  });

  test("a reply goes on in a new take, whose offsets go on too", async () => {
    const user = newUser();
    const first = await say(target(), user, "Who?", "Ein Füchs", { title: "Foxes" });
    const turn = await act(target(), user, "continue", first["message_id"]);
    assert.deepEqual(turn["history"], [
      { role: "user", content: "Who?" },
      { role: "assistant", content: "Ein Füchs" },
    ]);
    assert.deepEqual(
      [turn["base_bytes"], turn["action"], turn["title"]],
      [10, "continue", "Foxes"],
    );
    assert.equal((await append(target(), turn, 10, "lein"))["saved_bytes"], 14);
    await assert.rejects(append(target(), turn, 15, "x"), refusal(422, "invalid_request"));
    const end = await finish(target(), turn, { from_offset: 14, text: "." });
    assert.deepEqual([end["saved_bytes"], end["message_id"]], [15, turn["message_id"]]);
    const reply = await message(turn["message_id"]);
    assert.deepEqual(
      [reply["content"], reply["parent_id"], reply["metadata"]["continued_from"]],
      ["Ein Füchslein.", first["user_message_id"], first["message_id"]],
    );
    assert.equal((await message(first["message_id"]))["content"], "Ein Füchs");
  });

  test("an instruction is no message of the conversation", async () => {
    const user = newUser();
    const first = await say(target(), user, "Who?", "A fox");
    const turn = await retake(target(), user, "continue", first["message_id"], ", red.", {
      instruction: "Go on.",
    });
    assert.deepEqual(contents(turn["history"]), ["Who?", "A fox"]);
    const next = await begin(target(), user, { session_id: first["session_id"] });
    assert.deepEqual(contents(next["history"]), ["Who?", "A fox, red."]);
  });

  test("what a turn is about is sent however small the budget is", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const { session_id } = first;
    const long = await say(target(), user, "q".repeat(4000), "a".repeat(4000), { session_id });
    const lengths = async (action: "regenerate" | "continue", history_budget_tokens: number) => {
      const turn = await act(target(), user, action, long["message_id"], {
        history_budget_tokens,
        ...(action === "continue" && { instruction: "i".repeat(400) }),
      });
      await finish(target(), turn, { from_offset: turn["base_bytes"], text: "" });
      return contents(turn["history"]).map((content) => content.length);
    };
    assert.deepEqual(await lengths("regenerate", 0), [4000]);
    // 1004 tokens for each long text, 5 for each short one, 104 for the instruction.
    assert.deepEqual(await lengths("regenerate", 1008), [4000]);
    assert.deepEqual(await lengths("regenerate", 1013), [4, 4000]);
    assert.deepEqual(await lengths("regenerate", 1014), [4, 4, 4000]);
    assert.deepEqual(await lengths("continue", 0), [4000, 4000]);
    // A long text leaves some room to the turn before it.
    assert.deepEqual(await lengths("continue", 2121), [4, 4, 4000, 3979]);
    assert.deepEqual(await lengths("continue", 2122), [4, 4, 4000, 4000]);
  });

  for (const action of ["regenerate", "continue"] as const) {
    for (const end of ["finish", "death"] as const) {
      test(`${action} without a new word, by ${end}, gives the path back`, async () => {
        const user = newUser();
        const first = await say(target(), user, "One?", "One.");
        const { session_id } = first;
        const second = await say(target(), user, "Two?", "Two.", { session_id });
        const turn = await act(target(), user, action, first["message_id"]);
        assert.equal((await session(turn))["active_leaf_id"], first["user_message_id"]);
        if (end === "finish") {
          const outcome = { status: "failed", from_offset: turn["base_bytes"], text: "" };
          const answer = await finish(target(), turn, outcome);
          assert.deepEqual([answer["message_id"], answer["saved_bytes"]], [null, 0]);
          assert.equal((await finish(target(), turn, outcome))["message_id"], null);
          assert.equal((await session(turn))["active_leaf_id"], second["message_id"]);
        } else {
          await silence(target(), turn, 61);
        }
        const next = await begin(target(), user, { session_id });
        assert.deepEqual(contents(next["history"]), ["One?", "One.", "Two?", "Two."]);
        assert.equal((await messagesOf(target(), turn)).length, 5);
        const { generation_id } = turn;
        assert.deepEqual(await target().select("generation_chunks", { generation_id }), []);
      });
    }
  }

  test("a path that has moved meanwhile is not given back", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const other = await retake(target(), user, "regenerate", first["message_id"], "Eins.");
    const turn = await act(target(), user, "regenerate", first["message_id"]);
    await select(target(), user, first["message_id"]);
    await finish(target(), turn, { status: "failed", text: "" });
    assert.equal((await session(first))["active_leaf_id"], first["message_id"]);
    const late = await act(target(), user, "continue", first["message_id"]);
    await select(target(), user, other["message_id"]);
    await finish(target(), late, { from_offset: 4, text: " And more." });
    assert.equal((await session(first))["active_leaf_id"], other["message_id"]);
    assert.equal((await message(late["message_id"]))["content"], "One. And more.");
  });

  test("an edit that gets no answer stays where it is", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const edit = await act(target(), user, "edit", first["user_message_id"], { text: "Eins?" });
    await finish(target(), edit, { status: "failed", text: "" });
    assert.equal((await session(first))["active_leaf_id"], edit["user_message_id"]);
  });
}
