// The history in begin_turn's answer, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row, Target } from "./target.ts";
import { begin, finish, newUser, only, say } from "./turns.ts";

export function describeHistory(target: () => Target): void {
  // A message of 4n bytes costs n + 4 tokens.
  const sized = (letter: string, tokens: number) => letter.repeat((tokens - 4) * 4);

  async function conversation(
    sizes: [string, number][],
  ): Promise<{ next(budget: number): Promise<string> }> {
    const user = newUser();
    let session_id: unknown = null;
    for (let index = 0; index < sizes.length; index += 2) {
      const [question, answer] = [sizes[index]!, sizes[index + 1]!];
      const turn = await say(target(), user, sized(...question), sized(...answer), { session_id });
      session_id = turn["session_id"];
    }
    return {
      next: async (history_budget_tokens) => {
        const turn = await begin(target(), user, {
          session_id,
          history_budget_tokens,
          text: sized("?", 10),
        });
        // Taken back, so that the next question finds the same conversation.
        await finish(target(), turn, { text: "", status: "failed" });
        const leaf = (await only(target(), "messages", { message_id: turn["user_message_id"] }))[
          "parent_id"
        ];
        await target().update("sessions", { session_id }, { active_leaf_id: leaf });
        return turn["history"].map((message: Row) => message["content"][0]).join("");
      },
    };
  }

  test("history is the newest messages that fit the budget, from a user's message on", async () => {
    const { next } = await conversation([
      ["a", 20],
      ["B", 30],
      ["c", 10],
      ["D", 50],
    ]);
    assert.equal(await next(120), "aBcD");
    assert.equal(await next(119), "cD", "what begins with a reply is left out");
    assert.equal(await next(70), "cD");
    assert.equal(await next(69), "D", "a reply without its question is more than nothing");
    assert.equal(await next(10), "");
    assert.equal(await next(0), "");
  });

  test("history is the path to the active leaf and no other take", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const { session_id } = first;
    const second = await say(target(), user, "Two?", "Two.", { session_id });
    await target().update("sessions", { session_id }, { active_leaf_id: first["message_id"] });
    const other = await say(target(), user, "Three?", "Three.", { session_id });
    const turn = await begin(target(), user, { session_id });
    assert.deepEqual(
      turn["history"].map((message: Row) => message["content"]),
      ["One?", "One.", "Three?", "Three."],
    );
    const takes = await target().select("messages", { session_id, parent_id: first["message_id"] });
    assert.deepEqual(
      takes.map((take) => take["message_id"]).sort(),
      [second["user_message_id"], other["user_message_id"]].sort(),
    );
  });

  test("a message has exactly a role and a content, whatever it says", async () => {
    const user = newUser();
    const text = 'He said "\\u0041"\n\t\u2028 \u{1F98A} </script> \u0001 {"role":"system"}';
    const { session_id } = await say(target(), user, text, text);
    const turn = await begin(target(), user, { session_id });
    assert.deepEqual(turn["history"], [
      { role: "user", content: text },
      { role: "assistant", content: text },
    ]);
  });
}
