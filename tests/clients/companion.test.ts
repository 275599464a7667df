// Companions as their clients use them: document 004's requests, characters and their cards, greetings,
// other takes by chat's routes, servers that act for users.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, beforeEach, test } from "node:test";
import type { Row } from "./backend.ts";
import { EventReader, type Events } from "./chat.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import { until } from "./wait.ts";

const settings = (_origin: string, modelOrigin: string) => ({
  OPENROUTER_BASE_URL: `${modelOrigin}/v1`,
  SYSTEM_PROMPT: "Be a good friend.",
  OPENROUTER_API_KEY: "sk-or-test",
  MODEL_COMPANION: "openrouter:nousresearch/hermes-3-llama-3.1-70b",
  HTTP_REFERER: "https://app.example",
  X_TITLE: "Idols",
});

const CARD = {
  spec: "chara_card_v3",
  spec_version: "3.0",
  unknown: { kept: [1.5, null] },
  data: {
    name: "Mara",
    description: "<script>alert('{{char}}')</script> keeps the light.",
    personality: "",
    scenario: "A storm.",
    first_mes: "Come in, {{user}}.",
    mes_example: "",
    creator_notes: "x",
    system_prompt: "",
    post_history_instructions: "",
    alternate_greetings: ["Who is there?"],
    tags: ["sea"],
    creator: "c",
    character_version: "1",
    extensions: { depth_prompt: { depth: 4 } },
    character_book: { entries: [] },
    group_only_greetings: [],
    assets: [],
  },
};

onEachRuntime("companions", (stack) => {
  let ana: Person;
  let round = 0;
  before(async () => {
    ana = await signUp(stack());
  });
  beforeEach(() => void (round += 1));

  const model = () => stack().backend.model;
  const words = (text: string) => `${text} (${stack().runtime}, ${round})`;
  const user = (content: string) => ({ role: "user", content });
  const reply = (content: string) => ({ role: "assistant", content });

  async function api(
    method: string, path: string, body?: object, headers: Record<string, string> = bearer(ana),
  ): Promise<{ status: number; headers: Headers; body: any }> {
    const response = await fetch(`${stack().url}/functions/v1${path}`, {
      method,
      headers: { ...(body && { "content-type": "application/json" }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }
  const bearer = (person: { token: string }) => ({ authorization: `Bearer ${person.token}` });
  const say = async (prompt: string, answer: string, more: Row = {}, headers = bearer(ana)): Promise<Row> => {
    model().tell(prompt, [answer]);
    const messages = [...(more["before"] ?? []), user(prompt)];
    const body: Row = { ...more, messages };
    delete body["before"];
    const told = await api("POST", "/companion/chat", body, headers);
    assert.equal(told.status, 200, JSON.stringify(told.body));
    return told.body;
  };
  const read = async (id: string): Promise<Row> => (await api("GET", `/companion/conversation/${id}`)).body;
  const texts = (conversation: Row) => conversation["messages"].map((message: Row) => message["content"]);

  test("the document's request is answered in its shape, by OpenRouter's model", async () => {
    const prompt = words("Hello!");
    model().tell(prompt, ["Hello ", "to you."]);
    const { status, body } = await api("POST", "/companion/chat", {
      model: "nousresearch/hermes-3-llama-3.1-70b",
      messages: [user(prompt)],
    }, {});
    assert.equal(status, 200, JSON.stringify(body));
    const { conversation_id, message_id, user_id, user_message_id, stream_id, guest_token, ...rest } = body;
    assert.deepEqual(rest, {
      content: "Hello to you.",
      model: "nousresearch/hermes-3-llama-3.1-70b",
      provider: "openrouter",
      finish_reason: "stop",
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
      title: rest.title,
    });
    assert.match(guest_token, /^fg_/);
    const asked = model().newest.request;
    assert.equal(asked.model, "nousresearch/hermes-3-llama-3.1-70b");
    assert.deepEqual(asked.messages, [
      { role: "system", content: "Be a good friend." },
      { role: "user", content: prompt },
    ]);
    const found = await api(
      "GET", `/companion/conversation/${conversation_id}`, undefined, bearer({ token: guest_token }));
    assert.deepEqual(
      found.body.messages.map(({ role, content }: Row) => [role, content]),
      [["user", prompt], ["assistant", "Hello to you."]],
    );
    for (const { timestamp } of found.body.messages) assert.ok(Date.parse(timestamp));
    assert.equal(found.body.id, conversation_id);
    assert.ok(message_id && user_id && user_message_id && stream_id);
  });

  test("the stream has chat's events, each with the conversation", async () => {
    const prompt = words("Stream.");
    model().tell(prompt, ["One ", "two."]);
    const response = await fetch(`${stack().url}/functions/v1/companion/chat/stream`, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(ana) },
      body: JSON.stringify({ messages: [user(prompt)] }),
    });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const events = await new EventReader(response).readToEnd();
    assert.equal(events.text, "One two.");
    const id = response.headers.get("x-session-id");
    for (const event of events.all) assert.equal(event["conversation_id"], id);
    assert.equal(events.metadata["conversation_id"], id);
    assert.deepEqual(events.ending, ["metadata", "done"]);
    assert.equal((await read(id!))["messages"].length, 2);
  });

  test("a client that repeats the conversation stores nothing twice", async () => {
    const [first, second, third] = ["One?", "Two?", "Three?"].map(words) as [string, string, string];
    const begun = await say(first, "One.");
    const { conversation_id } = begun;
    await say(second, "Two.", { conversation_id, before: [user(first), reply("One.")] });
    await say(third, "Three.", { conversation_id });
    assert.deepEqual(texts(await read(conversation_id)), [first, "One.", second, "Two.", third, "Three."]);
    assert.deepEqual(
      model().newest.request.messages.map(({ content }) => content),
      ["Be a good friend.", first, "One.", second, "Two.", third],
    );
    const system = words("Quickly.");
    await say(system, "Yes.", { conversation_id, before: [{ role: "system", content: "In rhyme." }] });
    assert.equal(model().newest.request.messages[0]!.content, "Be a good friend.\n\nIn rhyme.");
    assert.equal((await read(conversation_id))["messages"].length, 8);
  });

  test("a card is imported, talks, and is exported as it was", async () => {
    const imported = await api("POST", "/companion/characters/import", CARD);
    assert.equal(imported.status, 201, JSON.stringify(imported.body));
    const { character_id } = imported.body;
    const card = await api("GET", `/companion/characters/${character_id}/card`);
    assert.deepEqual(card.body, CARD);
    const started = await api("POST", "/companion/conversations", { character_id });
    assert.deepEqual(texts(started.body), ["Come in, User."]);
    const conversation_id = started.body.id;
    const other = await api(
      "POST", `/companion/conversation/${conversation_id}/greeting`, { greeting_index: 1 });
    assert.deepEqual(texts(other.body), ["Who is there?"]);
    const prompt = words("Ich bin es, und wie geht es dir?");
    const told = await say(prompt, "Gut.", { conversation_id });
    assert.equal(told["character_known"], true);
    const { messages } = model().newest.request;
    assert.match(messages[0]!.content, /^You are Mara, in a conversation with Nutzer\./);
    assert.match(messages[0]!.content, /<script>alert\('Mara'\)<\/script> keeps the light\./);
    assert.deepEqual(
      messages.slice(1).map(({ role, content }) => [role, content]),
      [["user", "(The conversation begins.)"], ["assistant", "Who is there?"], ["user", prompt]],
    );
    const context = await api("GET", `/chat/messages/${told["message_id"]}/context`);
    assert.equal(context.body.system_prompt, messages[0]!.content);
    const late = await api(
      "POST", `/companion/conversation/${conversation_id}/greeting`, { greeting_index: 0 });
    assert.equal(late.status, 422);
    const changed = await api("PATCH", `/companion/characters/${character_id}`, { persona: "New." });
    assert.equal(changed.body.persona, "New.");
    const again = await api("GET", `/companion/characters/${character_id}/card`);
    assert.deepEqual(again.body, { ...CARD, data: { ...CARD.data, description: "New." } });
  });

  test("hostile cards are refused, with the path of each fault", async () => {
    const send = (data: unknown) => api("POST", "/companion/characters/import", { ...CARD, data });
    const many = Array.from({ length: 1000 }, (_, i) => `Hello ${i}.`);
    for (const [data, path] of [
      [{ ...CARD.data, alternate_greetings: many }, "data.alternate_greetings"],
      [{ ...CARD.data, name: 7 }, "data.name"],
      [{ ...CARD.data, description: ["x"] }, "data.description"],
      [{ ...CARD.data, extensions: "x" }, "data.extensions"],
      [{ ...CARD.data, unknown: "a\u0000b" }, "card"],
      ["text", "data"],
    ] as const) {
      const { status, body } = await send(data);
      assert.deepEqual([status, body.errors?.[0]?.path], [422, path], JSON.stringify(body));
    }
    const large = await api("POST", "/companion/characters/import", {
      ...CARD, data: { ...CARD.data, description: "x".repeat(50 * 1024 * 1024) },
    }).catch(() => ({ status: 413 }));
    assert.equal(large.status, 413);
    const deep = `{"spec":"chara_card_v2","data":{"name":"N","x":${"[".repeat(5000)}${"]".repeat(5000)}}}`;
    const response = await fetch(`${stack().url}/functions/v1/companion/characters/import`, {
      method: "POST", headers: { "content-type": "application/json", ...bearer(ana) }, body: deep,
    });
    assert.equal(response.status, 400);
  });

  test("an unknown character is kept and told, and the system prompt applies", async () => {
    const character_id = randomUUID();
    const told = await say(words("Who?"), "Me.", { character_id });
    assert.deepEqual([told["character_id"], told["character_known"]], [character_id, false]);
    assert.equal(model().newest.request.messages[0]!.content, "Be a good friend.");
    const conversation = await read(told["conversation_id"]);
    assert.deepEqual([conversation["character_id"], conversation["character_known"]], [character_id, false]);
    const chats = await fetch(`${stack().url}/rest/v1/chats?id=eq.${told["conversation_id"]}`, {
      headers: { ...bearer(ana), apikey: stack().backend.keys.publishableKey },
    });
    const [chat] = (await chats.json()) as Row[];
    assert.deepEqual([chat!["user_id"], chat!["character_id"]], [told["user_id"], character_id]);
  });

  test("a model that is not allowed is refused with its path, in requests and characters", async () => {
    for (const model of ["groq:llama", "openai:other", "*"]) {
      for (const [path, body] of [
        ["/companion/chat", { messages: [user("Hello.")], model }],
        ["/companion/characters", { name: "N", model }],
      ] as const) {
        const { status, body: answer } = await api("POST", path, body);
        assert.deepEqual([status, answer.errors?.[0]?.path], [422, "model"]);
      }
    }
    const { body } = await api("POST", "/companion/characters", { name: "N", model: "openrouter:a/b" });
    await say(words("Which?"), "This.", { character_id: body.character_id });
    assert.equal(model().newest.request.model, "a/b");
  });

  test("other takes, continuations, edits and selections by chat's routes", async () => {
    const { body: character } = await api("POST", "/companion/characters", {
      name: "Nora", persona: "{{char}} sings.", greeting: "La." });
    const prompt = words("Sing.");
    const told = await say(prompt, "First.", { character_id: character.character_id });
    const events = async (path: string, body: Row): Promise<Events> => {
      const response = await fetch(`${stack().url}/functions/v1/chat${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...bearer(ana) },
        body: JSON.stringify(body),
      });
      assert.equal(response.status, 200, response.ok ? "" : await response.clone().text());
      return new EventReader(response).readToEnd();
    };
    model().tell(prompt, ["Second."]);
    const swiped = await events(`/messages/${told["message_id"]}/regenerate`, {});
    assert.equal(swiped.text, "Second.");
    assert.match(model().newest.request.messages[0]!.content, /^You are Nora, .*Nora sings\./s);
    assert.match(model().newest.request.model, /hermes/);
    const id = told["conversation_id"];
    assert.deepEqual(texts(await read(id)), ["La.", prompt, "Second."]);
    const takes = await api("GET", `/chat/messages/${told["message_id"]}/takes`);
    assert.equal(takes.body.length, 2);
    await api("POST", `/chat/messages/${told["message_id"]}/select`);
    assert.deepEqual(texts(await read(id)), ["La.", prompt, "First."]);
    const edit = words("Hum.");
    model().tell(edit, ["Hm."]);
    await events("", { text: edit, edit_from_message_id: told["user_message_id"] });
    assert.deepEqual(texts(await read(id)), ["La.", edit, "Hm."]);
    const sessions = await stack().backend.rows("sessions", { session_id: id });
    assert.equal(sessions[0]!["project_id"], null);
  });

  test("a server with the secret key acts for whom it names", async () => {
    const { secretKey } = stack().backend.keys;
    const server = { authorization: `Bearer ${secretKey}` };
    const user_id = randomUUID();
    const told = await say(words("For whom?"), "You.", { user_id }, server);
    assert.equal(told["user_id"], user_id);
    const { conversation_id } = told;
    const path = `/companion/conversation/${conversation_id}`;
    for (const [query, headers, status] of [
      [`?user_id=${user_id}`, server, 200],
      ["", { apikey: secretKey, "x-user-id": user_id }, 200],
      [`?user_id=${randomUUID()}`, server, 404],
      ["", server, 401],
      [`?user_id=${user_id}`, bearer(ana), 403],
    ] as const) {
      assert.equal((await api("GET", path + query, undefined, headers)).status, status);
    }
    const other = await api("POST", "/companion/chat", { messages: [user("Hi.")], user_id });
    assert.deepEqual([other.status, other.body.code], [403, "forbidden"]);
    const nobody = await api("POST", "/companion/chat", { messages: [user("Hi.")] }, server);
    assert.deepEqual([nobody.status, nobody.body.code], [401, "invalid_token"]);
  });

  test("a guest is made for all functions", async () => {
    const { status, body } = await api("POST", "/users/guest", undefined, {});
    assert.equal(status, 201);
    assert.ok(Date.parse(body.expires_at) > Date.now());
    const told = await say(words("Guest?"), "Yes.", {}, bearer({ token: body.guest_token }));
    assert.equal(told["user_id"], body.user_id);
    const me = await api("GET", "/users/me", undefined, bearer({ token: body.guest_token }));
    assert.equal(me.body.user_id, body.user_id);
  });

  test("conversations are listed and deleted; what is wrong is refused with its path", async () => {
    const told = await say(words("Short?"), "Yes.");
    const list = await api("GET", "/companion/conversations?limit=1");
    assert.equal(list.body[0].id, told["conversation_id"]);
    assert.ok(Number(list.headers.get("x-total-count")) > 1);
    const path = `/companion/conversation/${told["conversation_id"]}`;
    assert.equal((await api("DELETE", path)).status, 200);
    assert.equal((await api("GET", path)).status, 404);
    for (const [messages, fault] of [
      [[], "messages"],
      [[reply("x")], "messages[0].role"],
      [[{ role: "user" }], "messages[0].content"],
      [[{ role: "robot", content: "x" }], "messages[0].role"],
      ["x", "messages"],
    ] as const) {
      const { status, body } = await api("POST", "/companion/chat", { messages });
      assert.deepEqual([status, body.errors?.[0]?.path], [422, fault]);
    }
  });

  const storage = (method: string, id: string, body?: object | string): Promise<Response> =>
    fetch(`${stack().url}/storage/v1/object/conversations/${id}.json`, {
      method,
      headers: {
        authorization: `Bearer ${stack().backend.keys.secretKey}`,
        apikey: stack().backend.keys.secretKey,
        ...(body && { "content-type": "application/json", "x-upsert": "true" }),
      },
      ...(body && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  const runTasks = async (): Promise<Row> => {
    const { status, body } = await api(
      "POST", "/tasks/run", { kinds: ["conversation_snapshot"], limit: 100 },
      { apikey: stack().backend.keys.secretKey } as never);
    assert.equal(status, 200);
    return body;
  };
  const snapshotOf = async (id: string): Promise<Row | undefined> => {
    await runTasks();
    const response = await storage("GET", id);
    const text = await response.text();
    return response.ok ? (JSON.parse(text) as Row) : undefined;
  };

  test("a copy in Storage follows the conversation, and brings it back", async () => {
    const person = await signUp(stack());
    const prompt = words("Remember.");
    const { conversation_id, user_id } = await say(prompt, "I do.", {}, bearer(person));
    const copy = await until("the copy", () => snapshotOf(conversation_id));
    assert.equal(copy["id"], conversation_id);
    assert.deepEqual(
      copy["messages"].map((message: Row) => [message["role"], message["content"], !!Date.parse(message["timestamp"])]),
      [["user", prompt, true], ["assistant", "I do.", true]],
    );
    assert.deepEqual(Object.keys(copy["messages"][0]).sort(), ["content", "role", "timestamp"]);
    assert.ok(Date.parse(copy["created_at"]) <= Date.parse(copy["updated_at"]));

    // Only from the copy: its rows do not exist.
    const lost = randomUUID();
    await storage("POST", lost, { ...copy, id: lost });
    const restore = (id: string, headers: Record<string, string>, more: Row = {}) =>
      api("POST", "/companion/conversations/restore", { conversation_id: id, ...more }, headers);
    assert.equal((await restore(lost, bearer(ana))).status, 404);
    const back = await restore(lost, bearer(person));
    assert.equal(back.status, 201);
    assert.deepEqual(texts(back.body), [prompt, "I do."]);
    assert.equal((await restore(lost, bearer(person))).status, 200);

    // The original service's copy names no user.
    const original = randomUUID();
    await storage("POST", original, {
      id: original,
      created_at: "2025-12-15T00:18:46.655592",
      updated_at: "2025-12-15T00:18:51.271819",
      messages: [
        { role: "user", content: "Hello!\u0000", timestamp: "2025-12-15T00:18:46.655592" },
        { role: "assistant", content: "Hello!", timestamp: "2025-12-15T00:18:51.271819" },
      ],
    });
    assert.equal((await restore(original, bearer(person))).status, 404);
    const server = { authorization: `Bearer ${stack().backend.keys.secretKey}` };
    const theirs = await restore(original, server, { user_id });
    assert.equal(theirs.status, 201, JSON.stringify(theirs.body));
    assert.deepEqual(texts(theirs.body), ["Hello!\ufffd", "Hello!"]);
    const next = words("And now?");
    await say(next, "Now.", { conversation_id: original }, bearer(person));
    assert.deepEqual(
      model().newest.request.messages.slice(1).map(({ content }) => content),
      ["Hello!\ufffd", "Hello!", next],
    );
    for (const broken of ["not json", JSON.stringify({ messages: 7 }), `"${"x".repeat(1000)}"`]) {
      const id = randomUUID();
      await storage("POST", id, broken);
      assert.equal((await restore(id, server, { user_id })).status, 404);
    }
    const half = randomUUID();
    const inHalf = String.raw`{"messages":[{"role":"user","content":"Half a pair: \ud83d."}]}`;
    await storage("POST", half, inHalf);
    const mended = await restore(half, server, { user_id });
    assert.equal(mended.status, 201, JSON.stringify(mended.body));
    assert.deepEqual(texts(mended.body), ["Half a pair: \ufffd."]);
    const huge = randomUUID();
    const content = "x".repeat(8 << 20);
    await storage("POST", huge, { messages: [{ role: "user", content }] });
    const refused = await restore(huge, server, { user_id });
    assert.equal(refused.status, 413, JSON.stringify(refused.body));
    assert.equal(refused.body["code"], "body_too_large");

    await api("DELETE", "/users/me", undefined, bearer(person));
    await until("the copies' end", async () => {
      await runTasks();
      const answers = await Promise.all([conversation_id, lost, original].map((id) => storage("GET", id)));
      return answers.every(({ ok }) => !ok);
    });
  });
}, { settings });
