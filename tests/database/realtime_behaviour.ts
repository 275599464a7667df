// Realtime sessions, in both databases: who is present, when a session ends, and its summary.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { pastedChapter } from "../field_cases.ts";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { editReply, newRequestHash, retake, select } from "./actions.ts";
import { ask } from "./lists.ts";
import {
  claimSummary,
  commitSummary,
  leave,
  look,
  newConnection,
  open,
  openSteps,
  passTime,
  readEvents,
  readSession,
  told,
  turnIn,
  type Connection,
} from "./realtime.ts";
import type { Row, Target } from "./target.ts";
import { fail, sized } from "./tasks.ts";
import { append, begin, failSilently, finish, newTokenHash, newUser, only, refusal, say, silence } from "./turns.ts";

export function describeRealtime(target: () => Target): void {
  const opened = async (name?: string): Promise<[Connection, string]> => {
    const connection = newConnection(newUser(), name);
    return [connection, (await open(target(), connection))["session_id"]];
  };
  const turn = (connection: Connection, question: string, reply: string, changes: Row = {}) =>
    say(target(), connection.principal, question, reply, { ...turnIn(connection), ...changes });
  /** Pretends that it was left long ago. */
  const left = async (connection: Connection, session_id: string) => {
    await leave(target(), connection);
    await passTime(target(), session_id, 61);
  };
  const claimed = async (session_id: string): Promise<Row> => {
    const step = await claimSummary(target(), session_id);
    assert.equal(step?.["session_id"], session_id);
    return step!;
  };

  test("opening makes a session, or resumes it with its newest events", async () => {
    const user = newUser();
    const first = await open(target(), newConnection(user));
    const { user_id, session_id, external_id, is_new, start_time, ...state } = first;
    assert.deepEqual([user_id, external_id, is_new], [user["subject"], "demo123", true]);
    assert.match(start_time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(state, {
      project_id: null,
      mode: null,
      is_begun: false,
      last_event_id: 0,
      events: [],
      has_more: false,
      running: null,
    });
    const connection = newConnection(user);
    await turn(connection, "Who?", "A fox.", { message_metadata: { task: "brainstorm" } });
    const second = await open(target(), connection);
    assert.deepEqual([second["session_id"], second["is_new"]], [session_id, false]);
    assert.deepEqual([second["mode"], second["is_begun"]], ["brainstorm", true]);
    assert.deepEqual(told(second["events"]), ["user message Who?", "assistant message A fox."]);
    const other = await open(target(), newConnection(newUser()));
    assert.notEqual(other["session_id"], session_id, "the name is each owner's own");
    const renamed = await open(target(), newConnection(user, "Überraschung 2"));
    assert.equal(renamed["external_id"], "Überraschung 2");
    assert.equal((await only(target(), "sessions", { session_id }))["project_id"], null);
  });

  test("a session that begins with a turn is opened for the first time later", async () => {
    const connection = newConnection(newUser());
    await turn(connection, "Who?", "A fox.");
    const first = await open(target(), connection);
    assert.deepEqual([first["is_new"], first["events"].length], [true, 2]);
    assert.equal((await open(target(), connection))["is_new"], false);
  });

  test("new guests, and what is no request", async () => {
    const token_hash = newTokenHash();
    const guest = newConnection({ kind: "new_guest", token_hash });
    const { user_id } = await open(target(), guest);
    const known = newConnection({ kind: "guest", token_hash });
    assert.equal((await open(target(), known))["user_id"], user_id);

    const [connection] = await opened();
    const invalid = refusal(422, "invalid_request");
    for (const changes of [
      { session_id: "" },
      { session_id: "x".repeat(129) },
      { session_id: null },
      { connection_id: null },
      { left_seconds: 0 },
      { left_seconds: null },
      { after_event_id: -1 },
      { after_event_id: "x" },
    ]) {
      await assert.rejects(open(target(), connection, changes), invalid, JSON.stringify(changes));
      await assert.rejects(look(target(), connection, 0, changes), invalid);
    }
    await assert.rejects(
      open(target(), { ...connection, connection_id: "x" }),
      refusal(400, "invalid_id"),
    );
    await assert.rejects(open(target(), { ...connection, session_id: "another" }), invalid);
  });

  test("nobody sees or ends another's session", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Mine?", "Mine.");
    const stranger = { ...connection, principal: newUser() };
    const missing = refusal(404, "not_found");
    await assert.rejects(look(target(), stranger, 0), missing);
    await assert.rejects(readSession(target(), stranger), missing);
    await assert.rejects(readEvents(target(), stranger), missing);
    await leave(target(), stranger);
    assert.equal((await target().select("live_connections", { session_id })).length, 1);
    const { body, total } = await ask(target(), stranger.principal, "list_realtime_sessions", {});
    assert.deepEqual([body, total], [[], 0]);
  });

  test("sessions are listed with their ends and summaries, the newest first", async () => {
    const [connection, conversation_id] = await opened("first");
    const { principal } = connection;
    await turn(connection, "Who?", "A fox.");
    const second = newConnection(principal, "second");
    await open(target(), second);
    await turn(second, "Who?", "A hare.");
    await say(target(), principal, "Chat?", "Chat.");
    const { body, total } = await ask(target(), principal, "list_realtime_sessions", {});
    assert.equal(total, 2);
    assert.deepEqual(
      body.map((session: Row) => session["session_id"]),
      ["second", "first"],
    );
    const events = await readEvents(target(), connection);
    const { start_time, ...session } = await readSession(target(), connection);
    assert.deepEqual(session, {
      session_id: "first",
      conversation_id,
      user_id: principal["subject"],
      end_time: null,
      summary: null,
      last_event_id: events[1]!["id"],
    });
    assert.deepEqual(body[1], { start_time, ...session });
    await ask(target(), principal, "delete_session", { session_id: conversation_id });
    await assert.rejects(readSession(target(), connection), refusal(404, "not_found"));
    assert.equal((await open(target(), newConnection(principal, "first")))["is_new"], true);
  });

  test("a session that is left gets an end, and a summary of its events", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Who?", "A fox.");
    await turn(connection, "Where?", "In the den.");
    assert.equal(await claimSummary(target(), session_id), null, "somebody is here");
    const before = Date.now();
    await leave(target(), connection);
    await leave(target(), connection);
    assert.equal(await claimSummary(target(), session_id), null, "who left may come back");
    assert.equal((await readSession(target(), connection))["end_time"], null);
    await passTime(target(), session_id, 61);
    const step = await claimed(session_id);
    assert.deepEqual([step["kind"], step["previous_summary"]], ["realtime_summary", null]);
    assert.deepEqual(step["messages"], [
      { role: "user", content: "Who?" },
      { role: "assistant", content: "A fox." },
      { role: "user", content: "Where?" },
      { role: "assistant", content: "In the den." },
    ]);
    const during = await readSession(target(), connection);
    assert.equal(during["summary"], null);
    const end = new Date(during["end_time"]).getTime();
    assert.ok(Math.abs(end - (before - 61_000)) < 5000, "it ended when it was left");
    const done = await commitSummary(target(), step, "A fox in a den.");
    assert.deepEqual([done["status"], done["job_status"]], ["done", "done"]);
    assert.equal((await commitSummary(target(), step, "Another."))["already"], true);
    const after = await readSession(target(), connection);
    assert.deepEqual(after, { ...during, summary: "A fox in a den." });
    assert.deepEqual(await openSteps(target(), session_id), []);
  });

  test("the job is due when the session can be over, and not before", async () => {
    const [connection, session_id] = await opened();
    const dueIn = async () => {
      const [step, ...others] = await openSteps(target(), session_id);
      assert.deepEqual(others, []);
      return Math.round((new Date(step!["run_after"]).getTime() - Date.now()) / 1000);
    };
    const near = (actual: number, expected: number) =>
      assert.ok(Math.abs(actual - expected) <= 5, `${actual} s instead of ${expected} s`);
    near(await dueIn(), 120);
    await leave(target(), connection);
    near(await dueIn(), 60);
    await open(target(), connection);
    near(await dueIn(), 120);
    await passTime(target(), session_id, 30);
    assert.equal(await claimSummary(target(), session_id), null);
    near(await dueIn(), 90);
    const again = newConnection(connection.principal);
    await open(target(), again);
    await leave(target(), connection);
    near(await dueIn(), 120);
  });

  test("a reconnect within the time is the same visit", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Who?", "A fox.");
    await leave(target(), connection);
    await passTime(target(), session_id, 50);
    const again = newConnection(connection.principal);
    const { events } = await open(target(), again);
    assert.deepEqual(told(events), ["user message Who?", "assistant message A fox."]);
    await passTime(target(), session_id, 50);
    assert.equal(await claimSummary(target(), session_id), null);
    assert.equal((await readSession(target(), again))["end_time"], null);
    await passTime(target(), session_id, 50);
    await look(target(), again, 0);
    assert.equal(await claimSummary(target(), session_id), null, "who looks is here");
  });

  test("an isolate that dies without a word leaves its sessions too", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Who?", "A fox.");
    await passTime(target(), session_id, 90);
    assert.equal(await claimSummary(target(), session_id), null);
    await passTime(target(), session_id, 40);
    await claimed(session_id);
    const { end_time } = await readSession(target(), connection);
    const ago = (Date.now() - new Date(end_time).getTime()) / 1000;
    assert.ok(ago > 125 && ago < 140, `it was last seen ${ago} s ago`);
    assert.deepEqual(await target().select("live_connections", { session_id }), []);
  });

  test("a connection that was taken for gone and was not opens its session again", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Who?", "A fox.");
    await passTime(target(), session_id, 130);
    const step = await claimed(session_id);
    const { events } = await look(target(), connection, 0);
    assert.deepEqual(told(events).at(-1), "system system The session goes on.");
    assert.equal((await readSession(target(), connection))["end_time"], null);
    await commitSummary(target(), step, "Too early.");
    assert.equal((await readSession(target(), connection))["summary"], null);
    assert.equal((await openSteps(target(), session_id)).length, 1);
  });

  test("a session that had ended is opened again, an event says so, and it is summarised anew", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Who?", "A fox.");
    await left(connection, session_id);
    await commitSummary(target(), await claimed(session_id), "A fox.");
    const again = newConnection(connection.principal);
    const { events, is_new } = await open(target(), again);
    assert.equal(is_new, false);
    assert.deepEqual(told(events), [
      "user message Who?",
      "assistant message A fox.",
      "system system The session goes on.",
    ]);
    const { end_time, summary } = await readSession(target(), again);
    assert.deepEqual([end_time, summary], [null, null]);
    await turn(again, "And?", "A hare.");
    await left(again, session_id);
    const step = await claimed(session_id);
    assert.equal(step["messages"].length, 4);
    await commitSummary(target(), step, "A fox and a hare.");
    assert.equal((await readSession(target(), again))["summary"], "A fox and a hare.");
  });

  test("a reply that is being written belongs to the session that was left", async () => {
    const [connection, session_id] = await opened();
    const begun = await begin(target(), connection.principal, {
      ...turnIn(connection),
      text: "Who?",
    });
    await append(target(), begun, 0, "A f");
    await left(connection, session_id);
    assert.equal(await claimSummary(target(), session_id), null);
    await finish(target(), begun, { from_offset: 3, text: "ox." });
    const step = await claimed(session_id);
    assert.equal(step["messages"][1].content, "A fox.");
  });

  test("a session without any message ends, and no model is asked", async () => {
    const [connection, session_id] = await opened();
    await left(connection, session_id);
    assert.equal(await claimSummary(target(), session_id), null);
    const { end_time, summary } = await readSession(target(), connection);
    assert.ok(end_time);
    assert.equal(summary, null);
    assert.deepEqual(await openSteps(target(), session_id), []);
  });

  test("a summary is tried for until it exists", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Who?", "A fox.");
    await left(connection, session_id);
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const step = await claimed(session_id);
      assert.equal(step["attempts"], attempt === 6 ? 1 : attempt);
      await fail(target(), step);
    }
    await commitSummary(target(), await claimed(session_id), "A fox.");
    assert.equal((await readSession(target(), connection))["summary"], "A fox.");

    const empty = claimSummary(target(), session_id);
    assert.equal(await empty, null);
  });

  test("what is no summary is refused", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "Who?", "A fox.");
    await left(connection, session_id);
    const step = await claimed(session_id);
    for (const summary of ["", null, 1, "x".repeat(8193)]) {
      const call = commitSummary(target(), step, summary);
      await assert.rejects(call, refusal(422, "invalid_request"));
    }
    await commitSummary(target(), step, "x".repeat(8192));
  });

  test("a long message is summarised in parts, all of it", async () => {
    for (const chapter of [
      pastedChapter(),
      "Смотрительница медленно поднималась по мокрой лестнице. ".repeat(1700) + "Лампу задул Пелл.",
      "她慢慢地走上湿漉漉的楼梯,一级一级地数着。".repeat(3100) + "吹灭灯的是佩尔。",
      "🦊🏮".repeat(24_000) + "🏮 war es Pell.",
    ]) {
      const [connection, session_id] = await opened();
      await turn(connection, "Be strict.", "I shall.");
      await turn(connection, chapter, "Scene four is thin.");
      await left(connection, session_id);
      const read: Record<string, string> = { user: "", assistant: "" };
      let previous: string | null = null;
      for (let part = 1; (await readSession(target(), connection))["summary"] === null; part += 1) {
        const step = await claimed(session_id);
        assert.equal(step["previous_summary"], previous);
        let size_bytes = 0;
        for (const { role, content } of step["messages"]) {
          read[role] += content;
          size_bytes += Buffer.byteLength(content);
        }
        assert.ok(size_bytes > 0 && size_bytes <= 65_536);
        previous = `Until part ${part}.`;
        await commitSummary(target(), step, previous);
      }
      assert.equal(read["user"], `Be strict.${chapter}`);
      assert.equal(read["assistant"], "I shall.Scene four is thin.");
      assert.equal((await readSession(target(), connection))["summary"], previous);
    }
  });

  test("only what is on the path is summarised, with its newest text", async () => {
    const [connection, session_id] = await opened();
    const { principal } = connection;
    const kind = { kind: "realtime" };
    const first = await turn(connection, "One?", "One.");
    const second = await turn(connection, "Two?", "Two.");
    await retake(target(), principal, "regenerate", second["message_id"], "Too.", kind);
    await editReply(target(), principal, first["message_id"], "Uno.");
    await left(connection, session_id);
    const contents = (step: Row) => step["messages"].map((message: Row) => message["content"]);
    const step = await claimed(session_id);
    assert.deepEqual(contents(step), ["One?", "Uno.", "Two?", "Too."]);

    await select(target(), principal, second["message_id"]);
    await commitSummary(target(), step, "Of another path.");
    assert.equal((await readSession(target(), connection))["summary"], null);
    await passTime(target(), session_id, 61);
    const chosen = await claimed(session_id);
    assert.deepEqual(contents(chosen), ["One?", "Uno.", "Two?", "Two."]);
    await commitSummary(target(), chosen, "Of this path.");
    await editReply(target(), principal, first["message_id"], "Eins.");
    await passTime(target(), session_id, 61);
    assert.deepEqual(contents(await claimed(session_id)), ["One?", "Eins.", "Two?", "Two."]);
  });

  test("a turn without a connection, after the end, is summarised too", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "One?", "One.");
    await left(connection, session_id);
    await commitSummary(target(), await claimed(session_id), "One.");
    await turn(connection, "Two?", "Two.");
    assert.equal((await readSession(target(), connection))["summary"], null);
    await passTime(target(), session_id, 61);
    const step = await claimed(session_id);
    assert.equal(step["messages"].length, 4);
  });

  test("a long session is summarised in parts, with the notes so far", async () => {
    const [connection, session_id] = await opened();
    for (let number = 1; number <= 24; number += 2) {
      await turn(connection, sized(number, 1500), sized(number + 1, 1500), {
        history_budget_tokens: 100,
      });
    }
    await left(connection, session_id);
    const parts: number[] = [];
    for (const [part, is_last] of [
      [1, false],
      [2, false],
      [3, true],
    ] as const) {
      const step = await claimed(session_id);
      assert.equal(step["previous_summary"], part === 1 ? null : `Part ${part - 1}.`);
      for (const { content } of step["messages"]) assert.equal(content.length, 5984, "each as a whole");
      parts.push(step["messages"].length);
      await commitSummary(target(), step, `Part ${part}.`);
      const { summary } = await readSession(target(), connection);
      assert.equal(summary, is_last ? "Part 3." : null);
    }
    assert.deepEqual(parts, [10, 10, 4]);
    assert.deepEqual(await openSteps(target(), session_id), []);
  });

  test("a worker that died with the summary gives it to another", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "One?", "One.");
    await left(connection, session_id);
    const dead = await claimed(session_id);
    const step = await claimed(session_id);
    assert.notEqual(step["lease_token"], dead["lease_token"]);
    await assert.rejects(commitSummary(target(), dead, "Late."), refusal(409, "stale_lease"));
    await commitSummary(target(), step, "One.");
    assert.equal((await readSession(target(), connection))["summary"], "One.");
  });

  test("a deleted session is left alone, and what was a guest's goes to the account", async () => {
    const [connection, session_id] = await opened();
    await turn(connection, "One?", "One.");
    await ask(target(), connection.principal, "delete_session", { session_id });
    await assert.rejects(look(target(), connection, 0), refusal(404, "not_found"));
    await leave(target(), connection);
    await passTime(target(), session_id, 200);
    assert.equal(await claimSummary(target(), session_id), null);
    assert.deepEqual(await openSteps(target(), session_id), []);

    const guest = await guestOf(target());
    const account = await personOf(target(), newUser());
    const theirs = newConnection(guest.principal, randomUUID());
    const { session_id: moved } = await open(target(), theirs);
    await turn(theirs, "One?", "One.");
    await migrate(target(), account, guest);
    const mine = { ...theirs, principal: account.principal };
    assert.deepEqual(told(await readEvents(target(), mine)), [
      "user message One?",
      "assistant message One.",
    ]);
    await leave(target(), mine);
    await passTime(target(), moved, 61);
    await commitSummary(target(), await claimed(moved), "One.");
    assert.equal((await readSession(target(), mine))["summary"], "One.");
    await ask(target(), account.principal, "delete_account", {});
    for (const table of ["live_sessions", "live_connections", "conversation_events", "jobs"]) {
      assert.deepEqual(await target().select(table, { session_id: moved }), [], table);
    }
  });

  test("a reply whose writer is silent is ended by who looks, and told so at once", async () => {
    for (const ask of [
      (connection: Connection) => look(target(), connection, 0),
      (connection: Connection) => open(target(), newConnection(connection.principal)),
    ]) {
      const [connection] = await opened();
      const begun = await begin(target(), connection.principal, turnIn(connection));
      await append(target(), begun, 0, "A f");
      await silence(target(), begun, 61);
      const { running, events } = await ask(connection);
      assert.equal(running, null);
      assert.deepEqual(told(events).slice(1), ["assistant message A f"]);
      assert.equal(events[1].metadata.status, "interrupted");
      assert.equal(events[1].metadata.error_code, "interrupted");
    }
  });

  test("a turn that failed without a word runs again under its key, and its failure is no event any more", async () => {
    const [connection] = await opened();
    await turn(connection, "One?", "One.");
    const request = {
      ...turnIn(connection),
      text: "Two?",
      message_metadata: { client_id: "m2" },
      idempotency_key: randomUUID(),
      request_hash: newRequestHash(),
    };
    const first = await begin(target(), connection.principal, request);
    await failSilently(target(), first);
    const failed = (await look(target(), connection, 0))["events"];
    assert.equal(failed.at(-1).type, "error");
    const again = await begin(target(), connection.principal, request);
    assert.equal(again["replayed"], false);
    assert.equal(again["user_message_id"], first["user_message_id"]);
    assert.deepEqual(again["history"], first["history"]);
    await finish(target(), again, { text: "Two." });
    const { events } = await look(target(), connection, 0);
    assert.deepEqual(told(events), [
      "user message One?",
      "assistant message One.",
      "user message Two?",
      "assistant message Two.",
    ]);
  });
}
