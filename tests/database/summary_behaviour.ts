// Summaries of messages that no longer fit into the prompt, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, context, editReply, select } from "./actions.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { claim, commit, conversation, numberOf, postponeOthers, sized, turnOf, wake } from "./tasks.ts";
import { begin, finish, messagesOf, newUser, only, refusal } from "./turns.ts";

export function describeSummaries(target: () => Target): void {
  const openTasks = async (session_id: unknown): Promise<Row[]> =>
    (await target().select("jobs", { session_id })).filter(
      (task) => task["finished_at"] === null,
    );
  const claimed = async (session_id: unknown): Promise<Row> => {
    const task = await claim(target());
    assert.equal(task?.["session_id"], session_id);
    return task!;
  };
  const messageOf = async (session_id: unknown, number: number): Promise<Row> => {
    const messages = await messagesOf(target(), { session_id });
    return messages.find((message) => numberOf(message) === number)!;
  };
  const numbers = (messages: Row[]) => messages.map(numberOf);

  test("a turn that was sent everything leaves no work behind", async () => {
    const user = newUser();
    const session_id = await conversation(target(), user, 12);
    const turn = await turnOf(target(), user, 13, 12, { session_id });
    assert.deepEqual(numbers(turn["history"]), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert.equal(turn["summary"], null);
    assert.deepEqual(await openTasks(session_id), []);
  });

  test("what was left out is summarised, with some of what still fitted, and then sent", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 12);
    const first = await turnOf(target(), user, 13, 8, { session_id });
    assert.deepEqual(numbers(first["history"]), [5, 6, 7, 8, 9, 10, 11, 12]);
    assert.equal(first["summary"], null);

    const task = await claimed(session_id);
    assert.deepEqual([task["kind"], task["user_id"]], ["session_summary", user["subject"]]);
    assert.equal(task["previous_summary"], null);
    assert.deepEqual(numbers(task["messages"]), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(
      task["messages"].map((message: Row) => message["role"]),
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? "user" : "assistant")),
    );
    assert.equal(task["until_message_id"], (await messageOf(session_id, 8))["message_id"]);
    const done = await commit(target(), task, "Once.", { model: "a-model" });
    assert.deepEqual([done["status"], done["already"]], ["done", false]);

    // Its tokens are taken from the budget: one message less, and so one turn.
    const second = await turnOf(target(), user, 15, 8, { session_id });
    assert.equal(second["summary"], "Once.");
    assert.deepEqual(numbers(second["history"]), [9, 10, 11, 12, 13, 14]);
    assert.deepEqual(await openTasks(session_id), [], "everything is covered");

    await turnOf(target(), user, 17, 8, { session_id });
    const next = await claimed(session_id);
    assert.equal(next["previous_summary"], "Once.");
    assert.deepEqual(numbers(next["messages"]), [9, 10, 11, 12]);
    await commit(target(), next, "Once, and twice.");
    const last = await begin(target(), user, { session_id, history_budget_tokens: 100 });
    assert.equal(last["summary"], "Once, and twice.");
  });

  test("who has room for everything is sent no summary", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    await turnOf(target(), user, 9, 4, { session_id });
    await commit(target(), await claimed(session_id), "Once.");
    const turn = await turnOf(target(), user, 11, 100, { session_id });
    assert.deepEqual([turn["summary"], turn["history"].length], [null, 10]);
  });

  test("a summary of more than half of the room is not sent", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    await turnOf(target(), user, 9, 4, { session_id });
    await commit(target(), await claimed(session_id), sized(0, 41));
    const small = await turnOf(target(), user, 11, 4, { session_id });
    assert.deepEqual([small["summary"], small["history"].length], [null, 4]);
    const large = await turnOf(target(), user, 13, 6, { session_id });
    assert.deepEqual([large["summary"], large["history"].length], [sized(0, 41), 2]);
  });

  test("a summary is sent on every path through its message, and on no other", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 12);
    await turnOf(target(), user, 13, 8, { session_id });
    await commit(target(), await claimed(session_id), "Until 8.");
    const room = { history_budget_tokens: 60 };
    const summaryOf = async (turn: Row): Promise<string | null> => {
      await finish(target(), turn, { from_offset: turn["base_bytes"], text: "Yes." });
      return turn["summary"];
    };
    const about = async (
      action: "edit" | "regenerate" | "continue",
      number: number,
      changes: Row = {},
    ) =>
      summaryOf(
        await act(
          target(),
          user,
          action,
          (await messageOf(session_id, number))["message_id"],
          { ...room, ...changes },
        ),
      );
    assert.equal(await about("edit", 11, { text: "Otherwise?" }), "Until 8.");
    assert.equal(await about("regenerate", 10), "Until 8.");
    assert.equal(await about("continue", 10, { history_budget_tokens: 150 }), "Until 8.");
    assert.equal(await about("edit", 9, { text: "Otherwise?" }), "Until 8.");
    assert.equal(await about("regenerate", 8), null, "what it is of is not said yet");
    assert.equal(await about("edit", 7, { text: "Otherwise?" }), null);
    assert.equal(await about("edit", 1, { text: "Otherwise?" }), null);
    const back = (await messageOf(session_id, 14))["message_id"];
    await select(target(), user, back);
    assert.equal(await summaryOf(await begin(target(), user, { session_id, ...room })), "Until 8.");
  });

  test("paths have their own summaries, of which the one that reaches farthest is sent", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    const first = await turnOf(target(), user, 9, 4, { session_id });
    await commit(target(), await claimed(session_id), "Until 6.");
    // Another beginning, as long as the first one.
    const { message_id } = await messageOf(session_id, 1);
    await turnOf(target(), user, 101, 4, { action: "edit", message_id });
    for (const number of [103, 105, 107]) {
      await turnOf(target(), user, number, 50, { session_id });
    }
    const cut = await turnOf(target(), user, 109, 4, { session_id });
    assert.deepEqual([cut["summary"], numbers(cut["history"])], [null, [105, 106, 107, 108]]);
    const task = await claimed(session_id);
    assert.deepEqual(
      [task["previous_summary"], numbers(task["messages"])],
      [null, [101, 102, 103, 104, 105, 106]],
    );
    await commit(target(), task, "Until 106.");
    const there = await turnOf(target(), user, 111, 4, { session_id });
    assert.equal(there["summary"], "Until 106.");
    await select(target(), user, first["message_id"]);
    const here = await turnOf(target(), user, 11, 4, { session_id });
    assert.equal(here["summary"], "Until 6.");
    assert.equal((await target().select("session_summaries", { session_id })).length, 2);
  });

  test("a long part is summarised in pieces, each message as a whole", async () => {
    await postponeOthers(target());
    const user = newUser();
    const tokens = 1104;
    const session_id = await conversation(target(), user, 24, tokens);
    await turnOf(target(), user, 25, 2, { session_id, history_budget_tokens: 2 * tokens + 20 });
    const pieces: number[][] = [];
    let previous: string | null = null;
    for (let piece = 1; piece <= 2; piece += 1) {
      const task: Row = await claimed(session_id);
      assert.equal(task["previous_summary"], previous);
      for (const { content } of task["messages"]) assert.equal(content.length, 4400);
      pieces.push(numbers(task["messages"]));
      previous = `Piece ${piece}.`;
      assert.equal(task["step"], piece);
      const { job_status } = await commit(target(), task, previous);
      assert.equal(job_status, piece === 1 ? "running" : "done");
    }
    assert.deepEqual(
      pieces.map((piece) => [piece[0], piece.at(-1), piece.length]),
      [
        [1, 14, 14],
        [15, 22, 8],
      ],
    );
    const turn = await begin(target(), user, { session_id, history_budget_tokens: 500 });
    assert.equal(turn["summary"], "Piece 2.");
  });

  test("work that is none any more is dropped: the path has moved, or the session is deleted", async () => {
    await postponeOthers(target());
    for (const undo of [
      async (user: Row & { kind: string }, session_id: string) => {
        const { message_id } = await messageOf(session_id, 3);
        await finish(
          target(),
          await act(target(), user, "edit", message_id, { text: "Otherwise?" }),
        );
      },
      (user: Row & { kind: string }, session_id: string) =>
        ask(target(), user, "delete_session", { session_id }),
    ]) {
      const user = newUser();
      const session_id = await conversation(target(), user, 8);
      await turnOf(target(), user, 9, 4, { session_id });
      await undo(user, session_id);
      assert.equal(await claim(target()), null);
      const { job_id, status } = await only(target(), "jobs", { session_id });
      const { result } = await only(target(), "job_steps", { job_id });
      assert.deepEqual([status, result], ["done", { skipped: true }]);
    }
  });

  test("a session has one task, however many turns leave something out, also those that fail", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    const turn = await begin(target(), user, { session_id, history_budget_tokens: 120 });
    await finish(target(), turn, { status: "failed", text: "" });
    await turnOf(target(), user, 9, 4, { session_id });
    await turnOf(target(), user, 11, 4, { session_id });
    assert.equal((await openTasks(session_id)).length, 1);
    const task = await claimed(session_id);
    await turnOf(target(), user, 13, 4, { session_id });
    assert.equal((await openTasks(session_id)).length, 1, "also while it is worked on");
    await commit(target(), task, "Once.");
    await turnOf(target(), user, 15, 4, { session_id });
    assert.equal((await openTasks(session_id)).length, 1);
  });

  test("what stands above the summary counts, and is told with it where it was sent", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    await turnOf(target(), user, 9, 4, { session_id });
    await commit(target(), await claimed(session_id), "Once.");
    const prompts = { system_prompt: "Be kind.", summary_heading: "\n\nEarlier: ".padEnd(155, ".") };
    const without = await turnOf(target(), user, 11, 6, { session_id, system_prompt: "Be kind." });
    assert.deepEqual(numbers(without["history"]), [7, 8, 9, 10]);
    const sent = await turnOf(target(), user, 13, 6, { session_id, ...prompts });
    assert.deepEqual([sent["summary"], numbers(sent["history"])], ["Once.", [11, 12]]);
    const full = await turnOf(target(), user, 15, 100, { session_id, ...prompts });
    const told = async (turn: Row) => (await context(target(), user, turn["message_id"]))["system_prompt"];
    assert.equal(await told(without), "Be kind.");
    assert.equal(await told(sent), `Be kind.${prompts.summary_heading}Once.`);
    assert.equal(await told(full), "Be kind.");
  });

  test("the summary that was sent is part of the context, also when there is a newer one", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    const before = await turnOf(target(), user, 9, 4, { session_id });
    await commit(target(), await claimed(session_id), "Once.");
    const first = await turnOf(target(), user, 11, 4, { session_id });
    await turnOf(target(), user, 13, 4, { session_id });
    await commit(target(), await claimed(session_id), "Twice.");
    const second = await turnOf(target(), user, 15, 4, { session_id });
    for (const [turn, summary] of [
      [before, null],
      [first, "Once."],
      [second, "Twice."],
    ] as const) {
      const told = await context(target(), user, turn["message_id"]);
      assert.deepEqual([turn["summary"], told["summary"]], [summary, summary]);
    }
  });

  test("a summary of a text that was edited is sent no more, and made again", async () => {
    await postponeOthers(target());
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    await turnOf(target(), user, 9, 4, { session_id });
    const stale = await claimed(session_id);
    const edit = async (number: number, to: number) => {
      const { message_id } = await messageOf(session_id, number);
      await editReply(target(), user, message_id, sized(to, 20));
    };
    await edit(2, 202);
    await assert.rejects(commit(target(), stale, "Of 2."), refusal(409, "stale_lease"));
    const task = await claimed(session_id);
    assert.deepEqual(
      [task["attempts"], numbers(task["messages"])],
      [1, [1, 202, 3, 4, 5, 6]],
    );
    await commit(target(), task, "Of 202.");
    const sent = await turnOf(target(), user, 11, 4, { session_id });
    assert.equal(sent["summary"], "Of 202.");

    await edit(8, 208);
    const after = await begin(target(), user, { session_id, history_budget_tokens: 100 });
    assert.equal(after["summary"], "Of 202.", "it is of nothing that was edited");
    await finish(target(), after, { text: sized(13, 20) });
    await postponeOthers(target());

    await edit(4, 204);
    const next = await begin(target(), user, { session_id, history_budget_tokens: 100 });
    assert.equal(next["summary"], null);
    await finish(target(), next);
    const told = await context(target(), user, sent["message_id"]);
    assert.equal(told["summary"], "Of 202.", "which was sent");
    const [open] = await openTasks(session_id);
    await wake(target(), { job_id: open!["job_id"], step: 1 });
    const again = await claimed(session_id);
    assert.equal(again["previous_summary"], null);
    assert.deepEqual(numbers(again["messages"]).slice(0, 4), [1, 202, 3, 204]);
    await commit(target(), again, "Of 204.");
    const last = await begin(target(), user, { session_id, history_budget_tokens: 100 });
    assert.equal(last["summary"], "Of 204.");
  });
}
