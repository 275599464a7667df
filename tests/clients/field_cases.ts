// Reports from the field about conversations, with the whole stack: what the model is sent in the next turn, and
// how a repeated request is answered. tests/sim/field_cases.cpp has the other reports.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LAST_WORDS, pastedChapter, readScenario } from "../field_cases.ts";
import type { Row } from "./backend.ts";
import { chatUrl, talk } from "./chat.ts";
import type { Message } from "./scripted_model.ts";
import type { Stack } from "./stack.ts";
import { until } from "./wait.ts";

export function describeFieldCases(stack: () => Stack): void {
  const model = () => stack().backend.model;
  const call = async (path: string, token: string): Promise<Row> => {
    const response = await fetch(`${stack().url}/functions/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200, path);
    return (await response.json()) as Row;
  };
  const newGuest = async (): Promise<string> => {
    const response = await fetch(`${stack().url}/functions/v1/users/guest`, { method: "POST" });
    assert.equal(response.status, 201);
    const { guest_token } = (await response.json()) as Row;
    stack().backend.secrets.add(guest_token);
    return guest_token;
  };
  /** All prompts are answered so. */
  const answerAll = (text: string) =>
    model().scriptOthers((reply) => {
      reply.text(text);
      reply.finish();
    });
  const contentsOf = (messages: readonly Message[]) => messages.map(({ content }) => content).join("\n");

  test("case 01: an attached text is there in the next turn", async () => {
    const [first, second] = readScenario("01-attachment-forgotten")["steps"];
    const token = await newGuest();
    answerAll(first.upstream[0].text);
    const { sessionId } = await talk(stack(), first.request.body, { token });
    const { events } = await talk(stack(), { ...second.request.body, session_id: sessionId }, { token });
    const sent = model().newest.request.messages;
    assert.ok(contentsOf(sent.slice(0, -1)).includes(second.expect.upstream_request_contains));
    assert.equal(sent.at(-1)!.content, second.request.body.text);
    const { messages } = await call(`chat/messages/${events.metadata["message_id"]}/context`, token);
    assert.deepEqual((messages as Message[]).map(({ content }) => content), sent.slice(1).map(({ content }) => content));
  });

  test("case 03: a model that wants the roles to alternate answers after a turn without a reply", async () => {
    const { steps } = readScenario("03-two-user-messages-in-a-row");
    const token = await newGuest();
    let session_id: string | undefined;
    for (const { request, upstream, expect } of steps) {
      model().scriptOthers((reply) => {
        const roles = reply.request.messages.filter(({ role }) => role !== "system").map(({ role }) => role);
        const wanted = roles.map((_, at) => (at % 2 === 0 ? "user" : "assistant"));
        if (upstream[0].status === 503) return reply.refuse(503, upstream[0].body);
        if (roles.join() !== wanted.join()) return reply.refuse(400, '{"error":{"message":"roles must alternate"}}');
        reply.text(upstream[0].text);
        reply.finish();
      });
      const { events, sessionId } = await talk(stack(), { ...request.body, session_id }, { token });
      session_id = sessionId;
      assert.deepEqual(events.ending, expect.ending, events.raw);
      if (expect.text) assert.equal(events.text, expect.text);
    }
  });

  test("case 04: after a long pasted chapter the next turn knows its end, and its summary is of all of it", async () => {
    const token = await newGuest();
    const chapter = pastedChapter();
    stack().backend.secrets.add(chapter);
    answerAll("The counting works. Scene four is thin.");
    const { sessionId } = await talk(stack(), { text: chapter }, { token });
    assert.ok(contentsOf(model().newest.request.messages).includes(LAST_WORDS));
    const question = { text: "Who blew the lamp out in scene five?", session_id: sessionId };
    const { events } = await talk(stack(), question, { token });
    const sent = contentsOf(model().newest.request.messages);
    for (const part of ["Scene four is thin", "blew the lamp out.", "Here is my chapter.", question.text]) {
      assert.ok(sent.includes(part), part);
    }
    const context = await call(`chat/messages/${events.metadata["message_id"]}/context`, token);
    assert.equal(context["messages"][0].cut.bytes, Buffer.byteLength(chapter));

    answerAll("Pell blew out Oda's lamp.");
    await until("the summary's step", async () =>
      (await stack().backend.rows("jobs", { session_id: sessionId, kind: "session_summary" })).length > 0);
    const { url, backend } = stack();
    const run = await fetch(`${url}/functions/v1/tasks/run`, {
      method: "POST",
      headers: { apikey: backend.keys.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ kinds: ["session_summary"] }),
    });
    assert.equal(run.status, 200, await run.text());
    assert.ok(contentsOf(model().newest.request.messages).includes(LAST_WORDS), "the summariser reads its end");
    await talk(stack(), { text: "And why?", session_id: sessionId }, { token });
    assert.ok(contentsOf(model().newest.request.messages).includes("Pell blew out Oda's lamp."));
    const [stored] = await backend.messages(sessionId);
    assert.equal(stored!["content"], chapter, "the person sees their chapter");
  });

  test("case 12: the first message of a guest who has a token, three times under one key, is one turn", async () => {
    const [{ request, upstream }] = readScenario("12-guest-first-message-twice")["steps"];
    const token = await newGuest();
    const asked = model().count;
    model().scriptOthers(async (reply) => {
      reply.text(upstream[0].text.slice(0, 4));
      await new Promise((resolve) => setTimeout(resolve, 500));
      reply.text(upstream[0].text.slice(4));
      reply.finish();
    });
    const guests = (await stack().backend.rows("principals")).length;
    const say = () => talk(stack(), request.body, { token, headers: request.headers });
    const turns = await Promise.all([say(), say()]);
    turns.push(await say());
    for (const turn of turns) {
      assert.equal(turn.events.text, upstream[0].text);
      assert.deepEqual(turn.events.ending, ["metadata", "done"]);
      assert.equal(turn.sessionId, turns[0]!.sessionId);
      assert.equal(turn.guestToken, "", "nobody is made a new guest");
    }
    assert.equal(model().count, asked + 1);
    assert.equal((await stack().backend.rows("principals")).length, guests);
    const [message] = await stack().backend.messages(turns[0]!.sessionId);
    const { owner_id } = message!;
    for (const [table, count] of [["sessions", 1], ["projects", 1], ["generations", 1], ["messages", 2]] as const) {
      assert.equal((await stack().backend.rows(table, { owner_id })).length, count, table);
    }
  });

  const fail = (body: string) => model().scriptOthers((reply) => reply.refuse(503, body));
  const rolesIn = async (sessionId: string) =>
    (await stack().backend.messages(sessionId)).map(({ role }) => role);

  test("case 13: the retry of a turn that failed runs, on the message that is there", async () => {
    const { steps } = readScenario("13-retry-of-failed-turn");
    const token = await newGuest();
    const say = () => talk(stack(), steps[0].request.body, { token, headers: steps[0].request.headers });
    fail(steps[0].upstream[0].body);
    const failed = await say();
    assert.deepEqual(failed.events.ending, steps[0].expect.ending);
    assert.equal(failed.events.error["retryable"], true);
    answerAll(steps[1].upstream[0].text);
    for (const replayed of [null, "true"]) {
      const again = await say();
      assert.deepEqual(again.events.ending, steps[1].expect.ending);
      assert.equal(again.events.text, steps[1].expect.text);
      assert.equal(again.sessionId, failed.sessionId);
      assert.equal(again.events.metadata["user_message_id"], failed.events.error["user_message_id"]);
      assert.equal(again.response.headers.get("idempotent-replayed"), replayed);
    }
    assert.deepEqual(await rolesIn(failed.sessionId), ["user", "assistant"]);
  });

  test("a failed turn after which the conversation has gone on is told as it is, and can be answered again", async () => {
    const token = await newGuest();
    const first = { text: "The keeper opens the door." };
    const headers = { "idempotency-key": "k-gone-on" };
    fail("{}");
    const failed = await talk(stack(), first, { token, headers });
    const { sessionId } = failed;
    await talk(stack(), { text: "Are you there?", session_id: sessionId }, { token });
    answerAll("Behind it, rain.");
    const again = await talk(stack(), first, { token, headers });
    assert.deepEqual(again.events.ending, ["error"]);
    assert.match(again.events.error["message"], /nothing of one is kept\. Send it again, under a new key if/);
    const question = again.events.error["user_message_id"];
    assert.equal(question, failed.events.error["user_message_id"]);
    const answered = await fetch(`${chatUrl(stack())}/messages/${question}/regenerate`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    assert.match(await answered.text(), /"content":"Behind it, rain\."[^]*"type":"done"/);
    assert.deepEqual(await rolesIn(sessionId), ["user", "user", "assistant"]);
  });
}
