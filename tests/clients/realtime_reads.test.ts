// Realtime sessions over HTTP and supabase-js: their events, their ends and summaries.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, test } from "node:test";
import type { Row } from "./backend.ts";
import { leaveSession, liveTurn, openSession, principalOf, type LiveSession } from "./realtime.ts";
import { open as openRelay } from "./relay.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import { until } from "./wait.ts";

onEachRuntime("realtime reads", (stack) => {
  const model = () => stack().backend.model;
  afterEach(() => model().scriptOthers((reply) => reply.refuse(500, "{}")));

  const get = (path: string, token: string) =>
    fetch(`${stack().url}/functions/v1/realtime${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
  const read = async (path: string, token: string): Promise<any> => {
    const response = await get(path, token);
    assert.equal(response.status, 200, path);
    return response.json();
  };
  const runTasks = async (): Promise<Row> => {
    const response = await fetch(`${stack().url}/functions/v1/tasks/run`, {
      method: "POST",
      headers: { apikey: stack().backend.keys.secretKey, "content-type": "application/json" },
      body: JSON.stringify({ kinds: ["realtime_summary"] }),
    });
    assert.equal(response.status, 200);
    return (await response.json()) as Row;
  };
  const begun = async (name: string): Promise<[Person, LiveSession]> => {
    const person = await signUp(stack());
    const session = await openSession(stack(), principalOf(person.token, person.id), name);
    await liveTurn(stack(), session, "Who keeps the light?", "Mara does.");
    return [person, session];
  };
  /** Pretends that it was left an hour ago. */
  const leftLongAgo = async (session: LiveSession, sessionId: string): Promise<void> => {
    await leaveSession(stack(), session);
    const response = await fetch(
      `${stack().backend.databaseUrl}/rest/v1/live_sessions?session_id=eq.${sessionId}`,
      {
        method: "PATCH",
        headers: { apikey: stack().backend.keys.secretKey, "content-type": "application/json" },
        body: JSON.stringify({ present_until: new Date(Date.now() - 3_600_000).toISOString() }),
      },
    );
    assert.ok(response.ok);
    await stack().backend.makeStepsDue({ session_id: sessionId, kind: "realtime_summary" });
  };

  test("a session has its events, oldest first, by page, and after an id", async () => {
    const [{ token, id }, session] = await begun("demo123");
    await liveTurn(stack(), session, "And who else?", "A fox.");
    const events: Row[] = await read("/sessions/demo123/events", token);
    assert.deepEqual(
      events.map(({ role, type, content }) => [role, type, content]),
      [
        ["user", "message", "Who keeps the light?"],
        ["assistant", "message", "Mara does."],
        ["user", "message", "And who else?"],
        ["assistant", "message", "A fox."],
      ],
    );
    for (const { id: event, timestamp } of events) {
      assert.ok(Number.isInteger(event));
      assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
    }
    const ids = events.map((event) => event["id"]);
    assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
    const page = await get(`/sessions/demo123/events?after=${ids[0]}&limit=2`, token);
    assert.deepEqual(await page.json(), events.slice(1, 3));
    assert.deepEqual(
      [page.headers.get("x-total-count"), page.headers.get("content-range")],
      ["4", "1-2/4"],
    );
    const [listed, ...others] = await read("/sessions", token);
    assert.deepEqual(others, []);
    assert.deepEqual(listed, await read("/sessions/demo123", token));
    assert.deepEqual(
      [listed.session_id, listed.user_id, listed.end_time, listed.summary, listed.last_event_id],
      ["demo123", id, null, null, ids[3]],
    );
    // It is a conversation as any other.
    const [conversation] = await stack().backend.rows("sessions", {
      session_id: listed.conversation_id,
    });
    assert.equal(conversation!["kind"], "realtime");
  });

  test("what is no request, and another's session", async () => {
    const [{ token }] = await begun("private");
    const stranger = await signUp(stack());
    for (const [path, status, bearer] of [
      ["/sessions/private", 404, stranger.token],
      ["/sessions/private/events", 404, stranger.token],
      ["/sessions/unknown", 404, token],
      [`/sessions/${"x".repeat(129)}`, 400, token],
      ["/sessions/private/events?after=-1", 422, token],
      ["/sessions/private/events?after=x", 422, token],
      ["/sessions/private/events?limit=101", 422, token],
      ["/sessions", 401, "garbage"],
      ["/nothing", 404, token],
    ] as const) {
      const response = await get(path, bearer);
      assert.equal(response.status, status, path);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
    }
    assert.deepEqual(await read("/sessions", stranger.token), []);
  });

  test("a session that was left has an end and a summary, which is retried until it exists", async () => {
    const name = `left-${randomUUID()}`;
    const [{ token }, session] = await begun(name);
    const { conversation_id, start_time } = await read(`/sessions/${name}`, token);
    await leftLongAgo(session, conversation_id);
    let asked = 0;
    model().scriptOthers((reply) => {
      asked += 1;
      if (asked === 1) return reply.refuse(401, "{}");
      const [instructions, question] = reply.request.messages;
      assert.match(String(instructions!.content), /live conversation/);
      assert.match(String(question!.content), /Person: Who keeps the light\?\s+Co-writer: Mara does\./);
      reply.text("Mara keeps the light.");
      reply.finish();
    });
    await runTasks();
    assert.equal(asked, 1);
    const ended = await read(`/sessions/${name}`, token);
    assert.equal(ended.summary, null);
    assert.ok(Date.parse(ended.end_time) < Date.parse(start_time), "as it was left an hour ago");
    await until("the summary is written", async () => {
      await stack().backend.makeStepsDue({ session_id: conversation_id, kind: "realtime_summary" });
      await runTasks();
      return (await read(`/sessions/${name}`, token)).summary !== null;
    });
    assert.equal((await read(`/sessions/${name}`, token)).summary, "Mara keeps the light.");
    const calls = await stack().backend.rows("model_calls", { kind: "realtime_summary" });
    assert.ok(calls.some(({ status }) => status === "complete"));
  });

  test("the documents' tables are there for supabase-js, with one's own rows", async () => {
    const [{ client, id }] = await begun("demo123");
    const stranger = await signUp(stack());
    const sessions = await client.from("realtime_sessions").select("*").eq("session_id", "demo123");
    assert.equal(sessions.error, null);
    const [{ start_time, conversation_id, ...session }] = sessions.data as [Row];
    assert.ok(start_time && conversation_id);
    assert.deepEqual(session, { session_id: "demo123", user_id: id, end_time: null, summary: null });
    const events = await client
      .from("session_events")
      .select("id,session_id,role,content,timestamp")
      .eq("session_id", "demo123")
      .order("id");
    assert.deepEqual(
      (events.data as Row[]).map(({ session_id, role, content }) => [session_id, role, content]),
      [
        ["demo123", "user", "Who keeps the light?"],
        ["demo123", "assistant", "Mara does."],
      ],
    );
    for (const view of ["realtime_sessions", "session_events", "relay_messages"]) {
      assert.deepEqual((await stranger.client.from(view).select("*")).data, [], view);
      const { error } = await client.from(view).insert({ session_id: "x" });
      assert.ok(error, `${view} is for reading`);
    }
  });

  test("the relay's messages are told as document 003 tells them", async () => {
    const person = await signUp(stack());
    const { client, id } = person;
    const bot = await openRelay(stack(), "POST", "/v1/bots", person, { model: "scripted", name: "A bot" });
    const { bot_id } = (await bot.json()) as Row;
    const prompt = `Relay ${randomUUID()}.`;
    model().tell(prompt, ["It is relayed."]);
    const stream_id = randomUUID();
    const request = { bot_id, conversation_id: 456, prompt, stream_id };
    const streamed = await openRelay(stack(), "POST", "/v1/stream", person, request);
    await streamed.text();
    const { data } = await client.from("relay_messages").select("*").eq("conversation_id", 456).order("created_at");
    const told = (data as Row[]).map(({ message_id, created_at, ...message }) => {
      assert.ok(message_id && created_at);
      return message;
    });
    const common = { user_id: id, conversation_id: 456, is_streaming: false, is_complete: true };
    assert.deepEqual(told, [
      { ...common, content: prompt, is_user_author: true, stream_id: null },
      { ...common, content: "It is relayed.", is_user_author: false, stream_id },
    ]);
  });
});
