// A message's attachments and task are stored with it, count against the budget, and are returned
// when the message is answered again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, context } from "./actions.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, messagesOf, newUser, refusal, say } from "./turns.ts";

const SCENE_PROMPTS = { description: "You describe.", scene: "You write scenes." };

function file(tokens: number): Row {
  return { type: "text", url: "https://files.example/a.txt", name: "a", tokens };
}

export function describeAttachments(target: () => Target): void {
  test("a message keeps its task and its attachments, and other takes are told them", async () => {
    const user = newUser();
    const message_metadata = { task: "scene", attachments: [file(7)] };
    const turn = await begin(target(), user, { message_metadata, system_prompt: "You write scenes." });
    assert.equal("message_metadata" in turn, false, "who says it knows it");
    await finish(target(), turn);
    assert.deepEqual((await messagesOf(target(), turn))[0]!["metadata"], message_metadata);

    for (const action of ["regenerate", "continue"] as const) {
      const take = await act(target(), user, action, turn["message_id"], {
        system_prompt: "You chat.",
        task_prompts: SCENE_PROMPTS,
      });
      assert.deepEqual(take["message_metadata"], message_metadata, action);
      await finish(target(), take, { from_offset: take["base_bytes"] });
      const { system_prompt, attachments } = await context(target(), user, take["message_id"]);
      assert.deepEqual([system_prompt, attachments], ["You write scenes.", [file(7)]], action);
    }
  });

  test("a turn keeps the name and version of the prompt that its model was told", async () => {
    const user = newUser();
    const message_metadata = { task: "scene" };
    const kept = async (turn: Row) => {
      const rows = await target().select("generations", { generation_id: turn["generation_id"] });
      return rows[0]!["prompt"];
    };
    const turn = await begin(target(), user, { message_metadata, system_prompt: "You write scenes.", prompt: "scene-1" });
    await finish(target(), turn);
    assert.equal(await kept(turn), "scene-1");
    // Another take gets its message's task, with the current version of the prompt.
    const take = await act(target(), user, "regenerate", turn["message_id"], {
      system_prompt: "You chat.",
      prompt: "chat-1",
      task_prompts: SCENE_PROMPTS,
      task_prompt_labels: { description: "description-1", scene: "scene-2" },
    });
    await finish(target(), take);
    assert.equal(await kept(take), "scene-2");
    const other = await say(target(), newUser(), "Who?", "A fox");
    assert.equal(await kept(other), null);
  });

  test("a message that asks for nothing else has no metadata, and its takes keep their own prompt", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "A fox");
    assert.deepEqual((await messagesOf(target(), turn))[0]!["metadata"], {});
    const changes = { system_prompt: "You chat.", task_prompts: SCENE_PROMPTS };
    const take = await act(target(), user, "regenerate", turn["message_id"], changes);
    assert.equal("message_metadata" in take, false);
    await finish(target(), take);
    const { system_prompt, attachments } = await context(target(), user, take["message_id"]);
    assert.deepEqual([system_prompt, attachments], ["You chat.", []]);
  });

  test("attachments take their tokens from the history, also when the message is answered again", async () => {
    const user = newUser();
    const { session_id } = await say(target(), user, "One?", "One.");
    const history_budget_tokens = 60;
    const ask = { session_id, text: "Two?", history_budget_tokens };
    const plain = await begin(target(), user, ask);
    assert.equal(plain["history"].length, 2);
    await finish(target(), plain);
    const message_metadata = { attachments: [file(30), file(30)] };
    const full = await act(target(), user, "edit", plain["user_message_id"], {
      text: "Two!",
      history_budget_tokens,
      message_metadata,
    });
    assert.deepEqual(full["history"], []);
    await finish(target(), full);
    const take = await act(target(), user, "regenerate", full["message_id"], { history_budget_tokens });
    assert.deepEqual(take["history"], [{ role: "user", content: "Two!" }]);
  });

  test("metadata of another form, or of a message that is not said, is refused", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "A fox");
    for (const message_metadata of [
      [],
      "scene",
      { task: 1 },
      { attachments: {} },
      { attachments: Array(9).fill(file(1)) },
      { provider: "local" },
      { task: "x".repeat(600_000) },
    ]) {
      await assert.rejects(begin(target(), user, { message_metadata }), refusal(422, "invalid_request"));
    }
    const changes = { message_metadata: { task: "scene" } };
    await assert.rejects(
      act(target(), user, "regenerate", turn["message_id"], changes),
      refusal(422, "invalid_request"),
    );
  });
}
