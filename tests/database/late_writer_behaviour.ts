// A slow writer whose reply was ended for silence although the writer is still alive, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, editReply } from "./actions.ts";
import { ask } from "./lists.ts";
import { parseMetrics } from "./prometheus.ts";
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
  type Principal,
} from "./turns.ts";

const WHOLE = "There was a fox.";

export function describeLateWriters(target: () => Target): void {
  const generationOf = ({ generation_id }: Row) => only(target(), "generations", { generation_id });
  const usageOf = ({ generation_id }: Row) => only(target(), "usage", { generation_id });

  /** Pretends that the writer was silent for too long. */
  async function reap(turn: Row): Promise<void> {
    await silence(target(), turn, 16);
    await target().call("reap_generations", { limit: 1000 });
    assert.equal((await generationOf(turn))["status"], "interrupted");
  }

  async function reapedTurn(principal: Principal, changes: Row = {}): Promise<Row> {
    const turn = await begin(target(), principal, changes);
    await append(target(), turn, 0, "There was ");
    await reap(turn);
    return turn;
  }

  for (const by of ["a save", "a beat", "its end"] as const) {
    test(`goes on with its reply by ${by}, which is whole then and counted once`, async () => {
      const user = newUser();
      const turn = await reapedTurn(user);
      let from_offset = 10;
      if (by !== "its end") {
        const text = by === "a beat" ? "" : "a fox";
        from_offset += text.length;
        const saved = await append(target(), turn, 10, text);
        assert.deepEqual([saved["status"], saved["saved_bytes"]], ["streaming", from_offset]);
        const read = await target().call("read_turn", {
          principal: user,
          generation_id: turn["generation_id"],
        });
        assert.deepEqual([read["status"], read["text"]], ["streaming", "There was " + text]);
      }
      const ended = await finish(target(), turn, {
        from_offset,
        text: WHOLE.slice(from_offset),
      });
      assert.deepEqual(
        [ended["status"], ended["saved_bytes"], ended["already"]],
        ["complete", WHOLE.length, false],
      );
      const messages = await messagesOf(target(), turn);
      assert.deepEqual(
        messages.map(({ content, position, status }) => [content, position, status]),
        [
          ["Once upon a time.", 1, "complete"],
          [WHOLE, 2, "complete"],
        ],
      );
      assert.equal(messages[1]!["metadata"]["error_code"], undefined);
      const session = await only(target(), "sessions", { session_id: turn["session_id"] });
      assert.deepEqual(
        [session["message_count"], session["active_leaf_id"]],
        [2, turn["message_id"]],
      );
      const usage = await usageOf(turn);
      assert.deepEqual(
        [usage["input_tokens"], usage["output_tokens"], usage["status"], usage["is_estimated"]],
        [11, 5, "complete", false],
      );
      const again = await finish(target(), turn, { from_offset: 0, text: WHOLE });
      assert.deepEqual([again["status"], again["already"]], ["complete", true]);
    });
  }

  for (const seen of [false, true]) {
    test(`is one turn of the metrics, ${seen ? "also" : "never"} if its first end was told`, async () => {
      const read = async () => {
        const where = { is_the_only_row: true };
        await target().update("metrics_cache", where, { made_at: "2020-01-01T00:00:00Z" });
        return parseMetrics((await target().call("read_metrics", {}))["text"]);
      };
      const model = `late-${seen}-${Date.now()}`;
      const turn = await reapedTurn(newUser(), { model });
      if (seen) await read();
      await append(target(), turn, 10, "a fox");
      await finish(target(), turn, { from_offset: 15, text: ".", model });
      const metrics = await read();
      const sum = (name: string, labels: Row) =>
        metrics
          .get(name)!
          .samples.filter((sample) =>
            Object.entries({ model, ...labels }).every(([key, value]) => sample.labels[key] === value),
          )
          .reduce((total, { value }) => total + value, 0);
      assert.equal(sum("fabula_turns_total", {}), 1);
      assert.equal(sum("fabula_turns_total", { status: "complete" }), seen ? 0 : 1);
      assert.equal(sum("fabula_tokens_total", { direction: "input" }), 11);
      assert.equal(sum("fabula_tokens_total", { direction: "output" }), 5);
    });
  }

  test("takes and continued replies go on too, also those that had said nothing", async () => {
    const user = newUser();
    for (const action of ["regenerate", "continue"] as const) {
      for (const said of ["", " And"]) {
        const { session_id, message_id } = await say(target(), user, "One?", "One.");
        const take = await act(target(), user, action, message_id);
        const base: number = take["base_bytes"];
        if (said !== "") await append(target(), take, base, said);
        await reap(take);
        await append(target(), take, base + said.length, " more");
        await finish(target(), take, { from_offset: base + said.length + 5, text: "." });
        const reply = await only(target(), "messages", { message_id: take["message_id"] });
        const begin = action === "continue" ? "One." : "";
        assert.equal(reply["content"], `${begin}${said} more.`);
        const session = await only(target(), "sessions", { session_id });
        assert.equal(session["active_leaf_id"], take["message_id"]);
      }
    }
  });

  test("nothing goes on after something has come after it", async () => {
    const user = newUser();
    const after: Record<string, (turn: Row) => Promise<unknown>> = {
      "another turn": ({ session_id }) => begin(target(), user, { session_id }),
      "another take": ({ message_id }) => act(target(), user, "regenerate", message_id),
      "its own going on": ({ message_id }) => act(target(), user, "continue", message_id),
      "an edit of its text": ({ message_id }) => editReply(target(), user, message_id, "Nothing."),
      "its cancellation": ({ stream_id }) => ask(target(), user, "request_cancel", { stream_id, body: {} }),
      "its deletion": ({ session_id }) => ask(target(), user, "delete_session", { session_id }),
    };
    for (const [name, come] of Object.entries(after)) {
      const turn = await reapedTurn(user);
      await come(turn);
      const stored = await only(target(), "messages", { message_id: turn["message_id"] });
      const saved = await append(target(), turn, 10, "a fox.");
      assert.deepEqual([saved["status"], saved["saved_bytes"]], ["interrupted", 10], name);
      const ended = await finish(target(), turn, { from_offset: 10, text: "a fox." });
      assert.deepEqual(
        [ended["status"], ended["saved_bytes"], ended["already"]],
        ["interrupted", 10, true],
        name,
      );
      assert.deepEqual(
        await only(target(), "messages", { message_id: turn["message_id"] }),
        stored,
        name,
      );
    }
  });

  test("what its writer itself has ended stays ended", async () => {
    const turn = await begin(target(), newUser());
    await finish(target(), turn, { status: "interrupted", text: "There" });
    const saved = await append(target(), turn, 5, " was");
    assert.deepEqual([saved["status"], saved["saved_bytes"]], ["interrupted", 5]);
    assert.equal((await finish(target(), turn))["already"], true);
  });

  test("while it goes on nobody edits its text, and another turn waits", async () => {
    const user = newUser();
    const turn = await reapedTurn(user);
    const { session_id, message_id } = turn;
    await append(target(), turn, 10, "a fox");
    const running = refusal(409, "turn_in_progress");
    await assert.rejects(editReply(target(), user, message_id, "Nothing."), running);
    await assert.rejects(begin(target(), user, { session_id }), running);
    await finish(target(), turn, { from_offset: 15, text: "." });
    await editReply(target(), user, message_id, "Nothing.");
  });

  test("it is read for the dossier once, as the whole text", async () => {
    const user = newUser();
    const { message_id } = await say(target(), user, "Who is Ann?", "Ann is a smith.", {
      extract: true,
    });
    const take = await act(target(), user, "regenerate", message_id);
    await append(target(), take, 0, "Ann is ");
    await reap(take);
    const marked = () => target().select("message_extractions", { message_id: take["message_id"] });
    // Pretends that its beginning was read meanwhile.
    for (const row of await marked()) {
      const { message_id } = row;
      await target().update("message_extractions", { message_id }, { read_bytes: 7, is_done: true });
    }
    await finish(target(), take, { from_offset: 7, text: "a smith.", extract: true });
    const rows = await marked();
    assert.equal(rows.length, 1);
    assert.equal(rows[0]!["is_done"], false);
    assert.ok(rows[0]!["read_bytes"] <= 7);
  });
}
