// A realtime session over its socket: from the first message to the last, with npm's `ws`.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { PROTOCOL, SocketClient } from "./socket.ts";
import { onEachRuntime } from "./stack.ts";
import { signUp } from "./supabase.ts";
import { makeGate, until } from "./wait.ts";

onEachRuntime("realtime over its socket", (stack) => {
  const model = () => stack().backend.model;
  const title = (words: string) => `${words} (${stack().runtime})`;

  test("from the first message to done, and the rows that it leaves", async () => {
    const person = await signUp(stack());
    const name = randomUUID();
    const prompt = title("Who keeps the light?");
    model().tell(prompt, ["Mara ", "keeps it. ", "é 字 🦊"], 30);
    const client = await SocketClient.open(stack(), name, { token: person.token });
    assert.equal(client.socket.protocol, PROTOCOL);
    const [ready] = client.of("ready");
    assert.deepEqual(
      [ready!["session_id"], ready!["user_id"], ready!["events"], ready!["last_event_id"], "guest_token" in ready!],
      [name, person.id, [], 0, false],
    );
    client.say("m1", prompt);
    const accepted = await client.told("accepted", "m1");
    const done = await client.told("done", "m1");
    assert.equal(done["finish_reason"], "stop");
    assert.equal(client.reply("m1"), "Mara keeps it. é 字 🦊");
    // The log has both, and the client receives them.
    const events = await until("both events", () => client.events.length === 2 && client.events);
    assert.deepEqual(
      events.map(({ role, type, content, client_id, metadata }) => [
        ...[role, type, content],
        client_id ?? metadata["client_id"],
      ]),
      [
        ["user", "message", prompt, "m1"],
        ["assistant", "message", "Mara keeps it. é 字 🦊", "m1"],
      ],
    );
    const [session] = await stack().backend.rows("sessions", { external_id: name });
    assert.equal(session!["kind"], "realtime");
    const [question, reply] = await stack().backend.messages(session!["session_id"] as string);
    assert.deepEqual([question!["content"], question!["message_id"]], [prompt, accepted["user_message_id"]]);
    assert.deepEqual(
      [reply!["content"], reply!["status"], reply!["is_complete"], reply!["message_id"]],
      ["Mara keeps it. é 字 🦊", "complete", true, done["message_id"]],
    );
    const [generation] = await stack().backend.rows("generations", { stream_id: accepted["stream_id"] });
    assert.equal(generation!["status"], "complete");
    await client.leave();
    assert.deepEqual(client.closed, { code: 1000, reason: "" });
  });

  test("a message that is sent again is one turn, over the same and over another connection", async () => {
    const { token } = await signUp(stack());
    const name = randomUUID();
    const prompt = title("Say it once.");
    model().tell(prompt, ["Once."]);
    const client = await SocketClient.open(stack(), name, { token });
    client.say("m1", prompt);
    client.say("m1", prompt);
    await client.told("done", "m1");
    client.say("m1", prompt);
    await until("the second answer", () => client.of("done", "m1").length === 2);
    const other = await SocketClient.open(stack(), name, { token });
    other.say("m1", prompt);
    await other.told("done", "m1");
    assert.equal(other.reply("m1"), "Once.");
    assert.equal(model().replies(prompt).length, 1);
    // The same name with other words is a mistake.
    other.say("m1", title("Say something else."));
    assert.equal((await other.told("error", "m1"))["code"], "idempotency_key_reused");
    await client.leave();
    await other.leave();
  });

  test("a message whose reply failed without a word is answered when it is sent again", async () => {
    const { token } = await signUp(stack());
    const name = randomUUID();
    const prompt = title("Is anybody there?");
    let asked = 0;
    model().script(prompt, (reply) => {
      asked += 1;
      if (asked === 1) return reply.refuse(402, '{"error":{"message":"Insufficient Balance"}}');
      reply.text("I am.");
      reply.finish();
    });
    const client = await SocketClient.open(stack(), name, { token });
    client.say("m1", prompt);
    const error = await client.told("error", "m1");
    assert.deepEqual([error["code"], error["retryable"]], ["provider_refused_request", false]);
    client.say("m1", prompt);
    await client.told("done", "m1");
    assert.equal(client.reply("m1"), "I am.");
    const [session] = await stack().backend.rows("sessions", { external_id: name });
    const messages = await stack().backend.messages(session!["session_id"] as string);
    assert.deepEqual(messages.map(({ content }) => content), [prompt, "I am."]);
    assert.equal(error["user_message_id"], messages[0]!["message_id"]);
    await client.leave();
  });

  test("cancel stops the reply that it names, takes back one that waits, and hits no later one", async () => {
    const { token } = await signUp(stack());
    const client = await SocketClient.open(stack(), randomUUID(), { token });
    const [first, second, third] = [title("Count without end."), title("Never said."), title("And then?")];
    model().script(first, (reply) => reply.text("One, "));
    model().tell(second, ["No."]);
    const isLate = makeGate();
    model().script(third, async (reply) => {
      reply.text("Then ");
      await isLate.opened;
      reply.text("the end.");
      reply.finish();
    });
    client.say("m1", first);
    client.say("m2", second);
    client.say("m3", third);
    await client.told("token", "m1");
    client.send({ type: "cancel", id: "m2" });
    assert.equal((await client.told("done", "m2"))["finish_reason"], "cancelled");
    client.send({ type: "cancel", id: "m1" });
    assert.match((await client.told("done", "m1"))["finish_reason"] as string, /^cancel/);
    await client.told("token", "m3");
    client.send({ type: "cancel", id: "m1" });
    client.send({ type: "cancel", id: "m2" });
    isLate.open();
    assert.equal((await client.told("done", "m3"))["finish_reason"], "stop");
    assert.equal(client.reply("m3"), "Then the end.");
    assert.equal(model().replies(second).length, 0);
    await client.leave();
  });

  test("a connection that drops is no stop: the reply is written to its end", async () => {
    const { token } = await signUp(stack());
    const name = randomUUID();
    const prompt = title("Write on without me.");
    const isLeft = makeGate();
    model().script(prompt, async (reply) => {
      reply.text("I write");
      await isLeft.opened;
      reply.text(" on.");
      reply.finish();
    });
    const client = await SocketClient.open(stack(), name, { token });
    client.say("m1", prompt);
    await client.told("token", "m1");
    client.socket.terminate();
    // A client that comes back meanwhile sees it run, from its beginning.
    const again = await SocketClient.open(stack(), name, { token });
    assert.equal(again.of("ready")[0]!["running"], "m1");
    isLeft.open();
    await again.told("done", "m1");
    assert.equal(again.reply("m1"), "I write on.");
    await again.leave();
  });

  test("hello with the last event that is known brings exactly what has come since", async () => {
    const { token } = await signUp(stack());
    const name = randomUUID();
    const [first, second] = [title("First question."), title("Second question.")];
    model().tell(first, ["First answer."]);
    model().tell(second, ["Second answer."]);
    const client = await SocketClient.open(stack(), name, { token });
    client.say("m1", first);
    await client.told("done", "m1");
    await until("its events", () => client.events.length === 2);
    const lastEventId = client.events.at(-1)!["id"] as number;
    client.socket.terminate();
    const other = await SocketClient.open(stack(), name, { token });
    other.say("m2", second);
    await other.told("done", "m2");
    await other.leave();
    const again = await SocketClient.open(stack(), name, { token, lastEventId });
    assert.deepEqual(again.events.map(({ content }) => content), [second, "Second answer."]);
    await again.leave();
  });

  test("a ping is answered", async () => {
    const client = await SocketClient.open(stack(), randomUUID());
    client.send({ type: "ping" });
    await client.told("pong");
    await client.leave();
  });

  test("a failing model is an error with its code, and the connection goes on", async () => {
    const client = await SocketClient.open(stack(), randomUUID());
    const [bad, good] = [title("Fail, please."), title("Are you there?")];
    model().script(bad, (reply) => reply.refuse(400, '{"error":{"message":"no"}}'));
    model().tell(good, ["I am."]);
    client.say("m1", bad);
    const error = await client.told("error", "m1");
    assert.equal(error["code"], "provider_refused_request");
    client.say("m2", good);
    await client.told("done", "m2");
    assert.equal(client.reply("m2"), "I am.");
    await client.leave();
  });

  test("the raw protocol, as the document's page opens it: demo123, no token, twice", async () => {
    const prompt = title("Hello from a page that knows nothing.");
    model().tell(prompt, ["Hello ", "page."], 40);
    const pages = [1, 2].map(
      () => new SocketClient(stack(), "demo123", { protocols: [], origin: "null" }),
    );
    for (const page of pages) {
      await page.whenOpen();
      assert.equal(page.socket.protocol, "");
      page.socket.send(prompt);
      await until("the reply", () => page.texts.join("") === "Hello page.");
      page.socket.close();
      await page.ended();
    }
    const sessions = await until("both sessions", async () => {
      const found = await stack().backend.rows("sessions", { external_id: "demo123" });
      return found.length >= 2 && found;
    });
    // Each page is another guest's.
    assert.equal(new Set(sessions.map(({ owner_id }) => owner_id as string)).size, sessions.length);
  });

  test("the raw protocol tells an error by its close", async () => {
    const page = new SocketClient(stack(), randomUUID(), { protocols: [] });
    await page.whenOpen();
    const bad = title("Fail without a word.");
    model().script(bad, (reply) => reply.refuse(400, '{"error":{"message":"no"}}'));
    page.socket.send(bad);
    const closed = await page.ended();
    assert.equal(closed.reason, "provider_refused_request");
    assert.ok([1008, 1011, 1013].includes(closed.code), `${closed.code}`);
    const blank = new SocketClient(stack(), randomUUID(), { protocols: [] });
    await blank.whenOpen();
    blank.socket.send("  ");
    assert.deepEqual(await blank.ended(), { code: 1008, reason: "invalid_request" });
  });
});
