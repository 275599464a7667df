// A companion's memory, as its user sees it: found in their messages, used when it matters, corrected,
// pinned, forgotten for good.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Row } from "./backend.ts";
import { Remembering } from "./remembering.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";

const NO_CHARACTER = "00000000-0000-0000-0000-000000000000";

onEachRuntime("memories", (stack) => {
  let ana: Person;
  let upstream: Remembering;
  before(async () => {
    ana = await signUp(stack());
    upstream = new Remembering(stack().backend.model);
  });

  async function api(method: string, path: string, body?: object, token = ana.token) {
    const response = await fetch(`${stack().url}/functions/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text) as any };
  }
  const say = async (content: string, more: Row = {}, token = ana.token): Promise<Row> => {
    const messages = [{ role: "user", content }];
    const { status, body } = await api("POST", "/companion/chat", { ...more, messages }, token);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const work = async (): Promise<void> => {
    for (let round = 0; round < 5; round += 1) {
      const headers = { apikey: stack().backend.keys.secretKey };
      const ran = await fetch(`${stack().url}/functions/v1/tasks/run`, { method: "POST", headers });
      assert.equal(ran.status, 200, await ran.text());
    }
  };
  const path = (id = NO_CHARACTER) => `/companion/characters/${id}/memories`;
  const memories = async (id = NO_CHARACTER, token = ana.token): Promise<Row[]> => {
    const { status, body } = await api("GET", `${path(id)}?limit=100`, undefined, token);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const texts = async (id = NO_CHARACTER) => (await memories(id)).map((memory) => memory["text"]);
  /** The system prompt of the last turn. */
  const told = () => {
    const [first] = upstream.prompts.at(-1)!;
    return first!.role === "system" ? first!.content : "";
  };
  const newCharacter = async (): Promise<string> =>
    (await api("POST", "/companion/characters", { name: "Mara" })).body.character_id;

  test("what the user says is remembered with their words, and nothing else is", async () => {
    const character_id = await newCharacter();
    upstream.knows("My sister is called Ada.", {
      text: "The user's sister is called Ada.",
      quote: "my sister is called Ada",
    });
    upstream.knows("the dentist tomorrow", {
      type: "event",
      text: "The user sees the dentist tomorrow.",
      quote: "the dentist tomorrow",
      when: "tomorrow",
    });
    const first = await say("My sister is called Ada. I see the dentist tomorrow.", { character_id });
    await work();
    const found = await memories(character_id);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    assert.deepEqual(
      found.map((memory) => [memory["type"], memory["text"], memory["date"], memory["message_id"]]).sort(),
      [
        ["event", `The user sees the dentist on ${tomorrow}.`, tomorrow, first["user_message_id"]],
        ["user_fact", "The user's sister is called Ada.", null, first["user_message_id"]],
      ],
    );
    assert.equal(found.find((memory) => memory["date"] === null)!["quote"], "My sister is called Ada");

    // In another conversation with the same character, when it matters.
    const weather = await say("How is the weather?", { character_id });
    assert.doesNotMatch(told(), /Ada/);
    const asked = await say("What may I give to Ada?", { character_id });
    assert.match(told(), /- The user's sister is called Ada\.$/);
    const context = async (reply: Row) =>
      (await api("GET", `/chat/messages/${reply["message_id"]}/context`)).body;
    assert.deepEqual((await context(weather)).memories, []);
    assert.deepEqual(
      (await context(asked)).memories.map((memory: Row) => memory["text"]),
      ["The user's sister is called Ada."],
    );
    assert.deepEqual(await memories(), [], "the companion without a character knows nothing of it");
  });

  test("memories are added, corrected, pinned, exported and forgotten by hand", async () => {
    const character_id = await newCharacter();
    const list = path(character_id);
    const added = await api("POST", list, { text: "The user's dog is called Rex." });
    assert.equal(added.status, 201, JSON.stringify(added.body));
    assert.deepEqual(
      [added.body.type, added.body.source, added.body.is_pinned, added.body.quote],
      ["user_fact", "user", false, null],
    );
    const one = `${list}/${added.body.memory_id}`;
    await say("Shall I walk Rex?", { character_id });
    assert.match(told(), /called Rex/);
    const corrected = await api("PATCH", one, { text: "The user's dog is called Max." });
    assert.equal(corrected.status, 200, JSON.stringify(corrected.body));
    assert.equal(corrected.body.memory_id, added.body.memory_id);
    await say("Shall I walk the dog?", { character_id });
    assert.match(told(), /called Max/);
    assert.doesNotMatch(told(), /Rex/);
    const pinned = await api("PATCH", one, { is_pinned: true });
    assert.equal(pinned.body.is_pinned, true);
    await say("How is the weather?", { character_id });
    assert.match(told(), /called Max/);
    const all = await api("GET", `${list}/export`);
    assert.equal(all.body.character_id, character_id);
    assert.equal(all.body.memories.length, 1);
    const [row] = (await stack().backend.rows("memories", { owner_id: ana.id })).filter(
      (memory: Row) => memory["character_id"] === character_id,
    );
    assert.equal(row!["text"], "The user's dog is called Max.");

    assert.equal((await api("DELETE", one)).status, 200);
    assert.deepEqual(await texts(character_id), []);
    assert.equal((await api("DELETE", one)).status, 404);
    assert.equal((await api("PATCH", one, { is_pinned: true })).status, 404);
    for (const body of [{}, { text: " " }, { text: "x".repeat(1001) }, { text: "x", type: "song" }]) {
      assert.equal((await api("POST", list, body)).status, 422, JSON.stringify(body).slice(0, 80));
    }
  });

  test("what is forgotten does not come back, whatever says it", async () => {
    const character_id = await newCharacter();
    const sentence = "My cat is called Tom.";
    const found = { text: "The user's cat is called Tom.", quote: sentence };
    upstream.knows(sentence, found);
    upstream.knows("Tom is what I call my cat.", {
      text: "The user calls their cat Tom.",
      quote: "Tom is what I call my cat.",
    });
    await say(sentence, { character_id });
    await work();
    const [memory] = await memories(character_id);
    await api("DELETE", `${path(character_id)}/${memory!["memory_id"]}`);
    await say(`Again: ${sentence}`, { character_id });
    await say("Tom is what I call my cat.", { character_id });
    await work();
    assert.deepEqual(await texts(character_id), []);
    await say("Where is the cat?", { character_id });
    assert.doesNotMatch(told(), /Tom/);
    const rows = await stack().backend.rows("memory_entries", { owner_id: ana.id });
    assert.doesNotMatch(JSON.stringify(rows), /called Tom|cat Tom/);
    const again = await api("POST", path(character_id), { text: "The user's cat is called Tom." });
    assert.equal(again.status, 201);
    assert.deepEqual(await texts(character_id), ["The user's cat is called Tom."]);
  });

  test("\"forget that\" in the chat forgets it, and a correction in the chat takes its place", async () => {
    const character_id = await newCharacter();
    upstream.knows("I live in Paris.", { text: "The user lives in Paris.", quote: "I live in Paris." });
    upstream.knows("no, in London", {
      text: "The user lives in London.",
      quote: "no, in London",
      replaces: "The user lives in Paris.",
    });
    upstream.forgets("Forget where I live!", "The user lives in London.");
    const { conversation_id } = await say("I live in Paris.", { character_id });
    await work();
    assert.deepEqual(await texts(character_id), ["The user lives in Paris."]);
    await say("Oh no, in London, sorry.", { character_id, conversation_id });
    await work();
    assert.deepEqual(await texts(character_id), ["The user lives in London."]);
    await say("Forget where I live!", { character_id, conversation_id });
    await work();
    assert.deepEqual(await texts(character_id), []);
    await say("Do I live in London or Paris?", { character_id });
    assert.doesNotMatch(told(), /remember/);
  });

  test("what is edited away is not remembered, unless it is pinned", async () => {
    const character_id = await newCharacter();
    for (const name of ["tea", "milk"]) {
      upstream.knows(`I like ${name}.`, { type: "preference", text: `The user likes ${name}.`, quote: `I like ${name}.` });
    }
    const first = await say("I like tea.", { character_id });
    const { conversation_id } = first;
    const second = await say("I like milk.", { character_id, conversation_id });
    await work();
    const known = await memories(character_id);
    assert.equal(known.length, 2);
    const milk = known.find((memory) => memory["text"].includes("milk"))!;
    await api("PATCH", `${path(character_id)}/${milk["memory_id"]}`, { is_pinned: true });
    for (const turn of [second, first]) {
      const edited = await fetch(`${stack().url}/functions/v1/chat`, {
        method: "POST",
        headers: { authorization: `Bearer ${ana.token}`, "content-type": "application/json" },
        body: JSON.stringify({ text: "I like nothing.", edit_from_message_id: turn["user_message_id"] }),
      });
      assert.equal(edited.status, 200, await edited.clone().text());
      await edited.text();
    }
    assert.deepEqual(await texts(character_id), ["The user likes milk."]);
    await work();
    assert.deepEqual(await texts(character_id), ["The user likes milk."]);
    await say("Tea or milk?", { character_id });
    assert.match(told(), /likes milk/);
    assert.doesNotMatch(told(), /likes tea/);
  });

  test("nobody sees or changes another's memories", async () => {
    const bob = await signUp(stack());
    const character_id = await newCharacter();
    const { body } = await api("POST", path(character_id), { text: "The user's dog is called Rex." });
    const one = `${path(character_id)}/${body.memory_id}`;
    assert.equal((await api("GET", path(character_id), undefined, bob.token)).status, 404);
    assert.equal((await api("DELETE", one, undefined, bob.token)).status, 404);
    assert.equal((await api("PATCH", one, { is_pinned: true }, bob.token)).status, 404);
    assert.equal((await api("POST", path(character_id), { text: "x y z" }, bob.token)).status, 404);
    await api("PATCH", `/companion/characters/${character_id}`, { visibility: "public" });
    assert.deepEqual(await memories(character_id, bob.token), []);
  });
});
