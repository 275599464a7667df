// The stack as a web page uses it: supabase-js for signing up, chatting and reading one's own rows.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { FunctionsHttpError, SupabaseClient } from "@supabase/supabase-js";
import { chatUrl, EventReader, readEvents, talk, type Events } from "./chat.ts";
import { onEachRuntime, type Stack } from "./stack.ts";
import { makeClient, anonymousClient, signUp, type Person } from "./supabase.ts";
import { makeGate } from "./wait.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ENGINE_FUNCTIONS = ["begin_turn", "append_chunk", "finish_turn"];

interface Answer {
  response: Response;
  events: Events;
}

/** `functions.invoke('chat')`, read to its end. */
async function chat(client: SupabaseClient, body: object, headers?: Record<string, string>): Promise<Answer> {
  const { data, error } = await client.functions.invoke("chat", { body, ...(headers && { headers }) });
  assert.equal(error, null);
  assert.ok(data instanceof Response, "an event stream is handed over as the response");
  return { response: data, events: await readEvents(data) };
}

async function refusalOf(client: SupabaseClient, body: object): Promise<[number, string]> {
  const { data, error } = await client.functions.invoke("chat", { body });
  assert.equal(data, null);
  const response = (error as FunctionsHttpError).context as Response;
  return [response.status, ((await response.json()) as { code: string }).code];
}

/** A client that remembers the headers of its newest request. */
function watchedClient(stack: Stack): { client: SupabaseClient; sent: () => Headers } {
  let headers = new Headers();
  const client = makeClient(stack, stack.backend.keys.publishableKey, (input, init) => {
    headers = new Headers(init?.headers);
    return fetch(input, init);
  });
  return { client, sent: () => headers };
}

onEachRuntime("supabase-js", (stack) => {
  let ana: Person;
  let bob: Person;

  before(async () => {
    ana = await signUp(stack());
    bob = await signUp(stack());
  });

  const model = () => stack().backend.model;
  const prompt = (words: string) => `${words} (${stack().runtime})`;

  test("signed in: the stream is read as it arrives", async () => {
    const question = prompt("Who lives in the lighthouse?");
    const [first, last] = ["A keeper ", "named Mara."];
    const gate = makeGate();
    let isOver = false;
    model().script(question, async (reply) => {
      reply.text(first);
      await gate.opened;
      reply.text(last);
      reply.finish();
      isOver = true;
    });
    const { data, error } = await ana.client.functions.invoke("chat", { body: { text: question } });
    assert.equal(error, null);
    const reader = new EventReader(data as Response);
    assert.ok(await reader.readUntil((events) => events.text !== ""));
    assert.deepEqual([reader.events.text, isOver], [first, false]);
    gate.open();
    const events = await reader.readToEnd();
    assert.equal(events.text, first + last);
    assert.deepEqual(events.ending, ["metadata", "done"]);
    assert.equal(events.metadata["user_id"], ana.id);
    assert.equal(events.metadata["guest_token"], undefined);
    assert.equal((data as Response).headers.get("x-guest-token"), null);
  });

  test("the events, their ids and the answer's headers are those of the document", async () => {
    const question = prompt("Tell me of \"Zoë\"\n& the 狐. Then more.");
    const pieces = ["Zoë \"the fox\"", " – 狐 – ", "slept.\n\n\u{1F98A}"];
    model().tell(question, pieces, 60);
    const { response, events } = await chat(ana.client, { text: question });
    const reply = pieces.join("");
    assert.equal(events.text, reply);
    assert.equal(events.ids.at(-1), String(Buffer.byteLength(reply)));
    const offsets = events.ids.map(Number);
    assert.deepEqual(offsets, [...offsets].sort((a, b) => a - b));

    const { metadata } = events;
    for (const name of ["session_id", "project_id", "user_id", "message_id", "user_message_id"]) {
      assert.match(metadata[name], UUID, name);
    }
    assert.deepEqual([metadata["provider"], metadata["model"]], ["local", "scripted"]);
    assert.deepEqual(metadata["tokens"], { in: 11, out: 7 });
    assert.equal(metadata["title"], "Tell me of \"Zoë\" & the 狐");
    const header = (name: string) => response.headers.get(name);
    assert.equal(header("content-type"), "text/event-stream");
    assert.equal(header("x-session-id"), metadata["session_id"]);
    assert.equal(header("x-project-id"), metadata["project_id"]);
    assert.equal(header("x-stream-id"), metadata["stream_id"]);
    assert.match(header("x-request-id") ?? "", UUID);

    const stored = await stack().backend.messages(metadata["session_id"]);
    assert.deepEqual(stored.map(({ message_id, role, content }) => [message_id, role, content]), [
      [metadata["user_message_id"], "user", question],
      [metadata["message_id"], "assistant", reply],
    ]);
  });

  test("signed out: a guest, whose token continues the conversation", async () => {
    const [question, answer] = [prompt("What is behind the door?"), "Behind it is the sea."];
    const [next, nextAnswer] = [prompt("And behind the sea?"), "Another door stands there."];
    model().tell(question, [answer]);
    model().tell(next, [nextAnswer]);
    const { client, sent } = watchedClient(stack());
    const first = await chat(client, { text: question });
    // It sends its key as `apikey`; as bearer too only when that is a JWT of the older kind.
    assert.equal(sent().get("apikey"), stack().backend.keys.publishableKey);
    const { session_id, project_id, guest_token, user_id } = first.events.metadata;
    stack().backend.secrets.add(guest_token);
    assert.match(guest_token, /^fg_[\w-]{43}$/);
    assert.equal(first.response.headers.get("x-guest-token"), guest_token);

    const second = await chat(
      client,
      { text: next, session_id, project_id },
      { authorization: `Bearer ${guest_token}` },
    );
    assert.equal(second.events.text, nextAnswer);
    const { metadata } = second.events;
    assert.deepEqual([metadata["session_id"], metadata["user_id"]], [session_id, user_id]);
    assert.deepEqual([metadata["guest_token"], metadata["title"]], [undefined, undefined]);
    assert.equal(second.response.headers.get("x-guest-token"), null);

    const { messages } = (await model().reply(next)).request;
    assert.equal(messages[0]?.role, "system");
    assert.deepEqual(messages.slice(1), [
      { role: "user", content: question },
      { role: "assistant", content: answer },
      { role: "user", content: next },
    ]);
    const stored = await stack().backend.messages(session_id);
    assert.deepEqual(stored.map(({ content }) => content), [question, answer, next, nextAnswer]);
    assert.ok(stored.every(({ owner_id }) => owner_id === user_id));
  });

  test("the publishable key as bearer is nobody, and each time another guest", async () => {
    const question = prompt("Is anybody there?");
    model().tell(question, ["Nobody but the wind."]);
    const token = stack().backend.keys.publishableKey;
    const turns = [
      await talk(stack(), { text: question }, { token }),
      await talk(stack(), { text: question }, { token }),
    ];
    assert.ok(turns.every(({ guestToken }) => guestToken.startsWith("fg_")));
    assert.notEqual(turns[0]!.guestToken, turns[1]!.guestToken);
    const owners = turns.map(({ events }) => events.metadata["user_id"]);
    assert.notEqual(owners[0], owners[1]);
    const kept = await stack().backend.rows("principals", { id: owners[0] });
    assert.equal(kept[0]!["kind"], "guest");
    assert.ok(!JSON.stringify(kept).includes(turns[0]!.guestToken), "only the token's hash is kept");
  });

  test("people read their own messages in order, and nobody else's", async () => {
    const questions = [prompt("How does it begin?"), prompt("How does it go on?")];
    const answers = ["With a storm at night.", "With a lamp in the window."];
    questions.forEach((question, turn) => model().tell(question, [answers[turn]!]));
    const { session_id } = (await chat(ana.client, { text: questions[0] })).events.metadata;
    await chat(ana.client, { text: questions[1], session_id });

    const select = (client: SupabaseClient) =>
      client
        .from("messages")
        .select("role, content, is_complete")
        .eq("session_id", session_id)
        .order("created_at");
    const { data, error } = await select(ana.client);
    assert.equal(error, null);
    assert.deepEqual(data, [
      { role: "user", content: questions[0], is_complete: true },
      { role: "assistant", content: answers[0], is_complete: true },
      { role: "user", content: questions[1], is_complete: true },
      { role: "assistant", content: answers[1], is_complete: true },
    ]);
    const all = await ana.client.from("messages").select("owner_id");
    assert.ok(all.data!.length >= 4 && all.data!.every(({ owner_id }) => owner_id === ana.id));
    const sessions = await ana.client.from("sessions").select("title").eq("session_id", session_id);
    assert.deepEqual(sessions.data, [{ title: "How does it begin?" }]);

    assert.deepEqual((await select(bob.client)).data, []);
    const anonymous = await select(anonymousClient(stack()));
    assert.deepEqual([anonymous.data, anonymous.status, anonymous.error?.code], [null, 401, "42501"]);

    assert.deepEqual(await refusalOf(bob.client, { text: "May I?", session_id }), [404, "not_found"]);
    const project_id = all.data && (await ana.client.from("projects").select("project_id")).data![0]!.project_id;
    assert.deepEqual(await refusalOf(bob.client, { text: "May I?", project_id }), [404, "not_found"]);
  });

  test("nobody writes messages but the functions", async () => {
    const question = prompt("Who wrote this?");
    model().tell(question, ["The model wrote this."]);
    const { metadata } = (await chat(ana.client, { text: question })).events;
    const { session_id, message_id, user_message_id } = metadata;
    const before = await stack().backend.everything();
    const [{ created_at: _, ...row }] = (await stack().backend.rows("messages", { message_id })) as [any];
    const forged = { ...row, message_id: crypto.randomUUID(), position: 3, content: "A forgery." };
    // Generated by the database.
    delete forged.is_complete;
    delete forged.parent_depth;

    for (const [client, status] of [[ana.client, 403], [bob.client, 403], [anonymousClient(stack()), 401]] as const) {
      for (const attempt of [
        client.from("messages").insert(forged),
        client.from("messages").insert({ session_id, role: "assistant", content: "A forgery." }),
        client.from("messages").upsert({ ...forged, message_id }),
        client.from("messages").update({ content: "A forgery." }).eq("message_id", message_id),
        client.from("messages").update({ content: "A forgery." }).eq("message_id", user_message_id),
        client.from("messages").delete().eq("message_id", message_id),
      ]) {
        const answer = await attempt;
        assert.deepEqual([answer.status, answer.error?.code], [status, "42501"], answer.error?.message);
      }
    }
    assert.deepEqual(await stack().backend.everything(), before);
  });

  test("engine functions are for the secret key alone", async () => {
    const before = await stack().backend.everything();
    const request = {
      principal: { kind: "user", issuer: "supabase", subject: ana.id },
      kind: "chat",
      text: prompt("A call past the functions."),
      history_budget_tokens: 1000,
    };
    for (const [client, status] of [[ana.client, 403], [anonymousClient(stack()), 401]] as const) {
      for (const name of ENGINE_FUNCTIONS) {
        const { data, error, status: got } = await client.rpc(name, { request });
        assert.deepEqual([data, got, error?.code], [null, status, "42501"], name);
        // Refused by its rights, and not merely by the function's own checks.
        assert.equal(error?.message, `permission denied for function ${name}`);
      }
    }
    assert.deepEqual(await stack().backend.everything(), before);

    const server = makeClient(stack(), stack().backend.keys.secretKey);
    const { data, error } = await server.rpc("begin_turn", { request });
    assert.equal(error, null);
    assert.equal(data.user_id, ana.id);
    const { generation_id } = data;
    const appended = await server.rpc("append_chunk", {
      request: { generation_id, from_offset: 0, text: "Half a " },
    });
    assert.equal(appended.data.saved_bytes, 7);
    const finished = await server.rpc("finish_turn", {
      request: { generation_id, status: "complete", from_offset: 7, text: "sentence." },
    });
    assert.deepEqual([finished.error, finished.data.status], [null, "complete"]);
    const { data: own } = await ana.client.from("messages").select("content").eq("message_id", finished.data.message_id);
    assert.deepEqual(own, [{ content: "Half a sentence." }]);
  });

  test("a browser's preflight allows all headers that supabase-js sends", async () => {
    const question = prompt("Which headers?");
    model().tell(question, ["These headers, and no others."]);
    const { client, sent } = watchedClient(stack());
    const { error } = await client.auth.signInWithPassword({ email: "no@example.com", password: "no such user" });
    assert.ok(error);
    await chat(client, { text: question }, { authorization: `Bearer ${ana.token}`, "x-request-id": "of-a-page" });
    const names = [...sent().keys()];
    assert.ok(names.includes("apikey") && names.includes("x-client-info"), names.join());

    const response = await fetch(chatUrl(stack()), {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": names.join(","),
      },
    });
    assert.equal(response.status, 204);
    const list = (name: string) => (response.headers.get(name) ?? "").toLowerCase().split(/,\s*/);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.ok(list("access-control-allow-methods").includes("post"));
    const allowed = list("access-control-allow-headers");
    assert.deepEqual(names.filter((name) => !allowed.includes(name)), []);
    assert.equal(await response.text(), "");

    const answer = await fetch(chatUrl(stack()), { headers: { origin: "https://app.example" } });
    const exposed = answer.headers.get("access-control-expose-headers") ?? "";
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    for (const name of ["x-session-id", "x-project-id", "x-stream-id", "x-guest-token", "x-request-id"]) {
      assert.ok(exposed.includes(name), name);
    }
    await answer.text();
  });
});
