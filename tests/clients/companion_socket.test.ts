// Companions over their socket, with npm's `ws`: conversations begun and continued, the rows that they leave,
// and chat's routes for messages on them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { before, test } from "node:test";
import WebSocket from "ws";
import type { Row } from "./backend.ts";
import { EventReader } from "./chat.ts";
import { onEachRuntime, type Stack } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import { until } from "./wait.ts";

class CompanionClient {
  readonly socket: WebSocket;
  readonly messages: Row[] = [];

  private constructor(stack: Stack, token?: string) {
    const url = `${stack.url.replace("http", "ws")}/functions/v1/companion/ws/chat`;
    this.socket = new WebSocket(url, token === undefined ? [] : ["fabula.companion.v1", token]);
    this.socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Row;
      if (message["guest_token"]) stack.backend.secrets.add(message["guest_token"] as string);
      this.messages.push(message);
    });
    this.socket.on("error", () => {});
  }

  static async open(stack: Stack, token?: string): Promise<CompanionClient> {
    const client = new CompanionClient(stack, token);
    await once(client.socket, "open");
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  of(type: string): Row[] {
    return this.messages.filter((message) => message["type"] === type);
  }

  /** The `count`th message of this type. */
  told(type: string, count = 1): Promise<Row> {
    return until(`${type} ${count}`, () => this.of(type)[count - 1]);
  }

  async leave(): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close(1000);
    await closed;
  }
}

onEachRuntime("companions over their socket", (stack) => {
  let ana: Person;
  before(async () => {
    ana = await signUp(stack());
  });

  const model = () => stack().backend.model;
  const words = (text: string) => `${text} (${stack().runtime})`;
  const call = (method: string, path: string, token: string, body?: object): Promise<Response> =>
    fetch(`${stack().url}/functions/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  async function read(id: string, token: string): Promise<[string, string][]> {
    const response = await call("GET", `/companion/conversation/${id}`, token);
    const body = (await response.json()) as Row;
    assert.equal(response.status, 200, JSON.stringify(body));
    return body["messages"].map(({ role, content }: Row) => [role, content]);
  }

  test("a conversation with a character: its greeting, a reply, and the rows that they leave", async () => {
    const made = await call("POST", "/companion/characters", ana.token, {
      name: "Mara",
      persona: "She keeps the light.",
      greeting: "Come in.",
    });
    assert.equal(made.status, 201);
    const { character_id } = (await made.json()) as Row;
    const prompt = words("Is it cold?");
    model().tell(prompt, ["By the fire ", "it is not."], 20);
    const client = await CompanionClient.open(stack(), ana.token);
    assert.equal(client.socket.protocol, "fabula.companion.v1");
    client.send({ type: "start_conversation", character_id });
    const started = await client.told("conversation_started");
    assert.deepEqual(
      [started["character_id"], started["greeting"], "guest_token" in started],
      [character_id, "Come in.", false],
    );
    const conversation_id = started["conversation_id"] as string;
    client.send({ type: "message", id: "m1", message: prompt });
    const whole = await client.told("message");
    assert.deepEqual(
      [whole["role"], whole["content"], whole["id"], whole["finish_reason"]],
      ["assistant", "By the fire it is not.", "m1", "stop"],
    );
    assert.equal(client.of("token").map(({ content }) => content).join(""), "By the fire it is not.");
    client.send({ type: "ping" });
    await client.told("pong");
    for (const message of client.messages) assert.equal(message["conversation_id"], conversation_id);

    const [session] = await stack().backend.rows("sessions", { session_id: conversation_id });
    assert.deepEqual([session!["kind"], session!["character_id"]], ["companion", character_id]);
    const rows = await stack().backend.messages(conversation_id);
    assert.deepEqual(rows.map(({ content }) => content), ["Come in.", prompt, "By the fire it is not."]);
    assert.equal(rows[2]!["message_id"], whole["message_id"]);
    // A message that is sent again is not another turn.
    client.send({ type: "message", id: "m1", message: prompt });
    await client.told("message", 2);
    assert.equal(model().replies(prompt).length, 1);
    assert.equal((await stack().backend.messages(conversation_id)).length, 3);
    await client.leave();
  });

  test("a message whose reply failed without a word is answered when it is sent again, over either way", async () => {
    const failOnce = (prompt: string) => {
      let asked = 0;
      model().script(prompt, (reply) => {
        asked += 1;
        if (asked === 1) return reply.refuse(402, '{"error":{"message":"Insufficient Balance"}}');
        reply.text("I am.");
        reply.finish();
      });
    };
    const overSocket = words("Is anybody there?");
    failOnce(overSocket);
    const client = await CompanionClient.open(stack(), ana.token);
    const message = { type: "message", id: "again", message: overSocket };
    client.send({ type: "start_conversation" });
    const { conversation_id } = await client.told("conversation_started");
    client.send(message);
    const error = await client.told("error");
    assert.deepEqual([error["code"], error["id"]], ["provider_refused_request", "again"]);
    client.send(message);
    assert.equal((await client.told("message"))["content"], "I am.");
    const rows = await stack().backend.messages(conversation_id as string);
    assert.deepEqual(rows.map(({ content }) => content), [overSocket, "I am."]);
    assert.equal(error["user_message_id"], rows[0]!["message_id"]);
    await client.leave();

    const overHttp = words("Is anybody here?");
    failOnce(overHttp);
    const post = async (): Promise<[number, Row]> => {
      const response = await fetch(`${stack().url}/functions/v1/companion/chat`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${ana.token}`,
          "content-type": "application/json",
          "idempotency-key": words("again").replaceAll(" ", "-"),
        },
        body: JSON.stringify({ messages: [{ role: "user", content: overHttp }] }),
      });
      return [response.status, (await response.json()) as Row];
    };
    const [refused, problem] = await post();
    assert.deepEqual([refused, problem["code"]], [502, "provider_refused_request"]);
    const [answered, answer] = await post();
    assert.deepEqual([answered, answer["content"]], [200, "I am."]);
    assert.equal(answer["conversation_id"], problem["conversation_id"]);
    assert.equal(answer["user_message_id"], problem["user_message_id"]);
    assert.deepEqual(await read(answer["conversation_id"] as string, ana.token), [
      ["user", overHttp],
      ["assistant", "I am."],
    ]);
  });

  test("a new guest is told its token once, and goes on with it over REST and another socket", async () => {
    const [first, second] = [words("Hello?"), words("And now?")];
    model().tell(first, ["Hello."]);
    model().tell(second, ["Now it is late."]);
    const client = await CompanionClient.open(stack());
    client.send({ type: "message", message: first });
    const started = await client.told("conversation_started");
    await client.told("message");
    const token = started["guest_token"] as string;
    assert.match(token, /^fg_/);
    assert.equal(client.messages.filter((message) => "guest_token" in message).length, 1);
    await client.leave();
    const conversation_id = started["conversation_id"] as string;
    const other = await CompanionClient.open(stack(), token);
    other.send({ type: "message", message: second, conversation_id });
    assert.equal((await other.told("message"))["content"], "Now it is late.");
    assert.deepEqual(await read(conversation_id, token), [
      ["user", first], ["assistant", "Hello."], ["user", second], ["assistant", "Now it is late."],
    ]);
    await other.leave();
  });

  test("replies are made again, and messages edited, by chat's routes", async () => {
    const [first, edited, third] = [words("I am thirty."), words("I am forty."), words("How old am I?")];
    model().tell(first, ["So young."]);
    const client = await CompanionClient.open(stack(), ana.token);
    client.send({ type: "message", message: first });
    const whole = await client.told("message");
    const conversation_id = whole["conversation_id"] as string;
    model().tell(first, ["Young indeed."]);
    const again = await call("POST", `/chat/messages/${whole["message_id"]}/regenerate`, ana.token);
    assert.equal(again.status, 200);
    assert.equal((await new EventReader(again).readToEnd()).text, "Young indeed.");
    assert.deepEqual(await read(conversation_id, ana.token), [["user", first], ["assistant", "Young indeed."]]);

    const [question] = await stack().backend.messages(conversation_id);
    model().tell(edited, ["Not so young."]);
    const edit = await call("POST", "/chat", ana.token, {
      text: edited,
      session_id: conversation_id,
      edit_from_message_id: question!["message_id"],
    });
    assert.equal(edit.status, 200);
    assert.equal((await new EventReader(edit).readToEnd()).text, "Not so young.");
    // The socket continues with the chosen path.
    model().tell(third, ["Forty."]);
    client.send({ type: "message", message: third });
    assert.equal((await client.told("message", 2))["content"], "Forty.");
    const sent = model().replies(third)[0]!.request.messages.map(({ content }) => content);
    assert.deepEqual(sent.slice(-3), [edited, "Not so young.", third]);
    await client.leave();
  });

  test("nobody speaks for somebody else, or in somebody else's conversation", async () => {
    const bea = await signUp(stack());
    const prompt = words("This is mine.");
    model().tell(prompt, ["It is."]);
    const mine = await CompanionClient.open(stack(), ana.token);
    mine.send({ type: "message", message: prompt, user_id: ana.id });
    const conversation_id = (await mine.told("message"))["conversation_id"] as string;
    const theirs = await CompanionClient.open(stack(), bea.token);
    theirs.send({ type: "message", id: "a", message: prompt, conversation_id });
    assert.equal((await theirs.told("error"))["code"], "not_found");
    theirs.send({ type: "message", id: "b", message: prompt, user_id: ana.id });
    assert.equal((await theirs.told("error", 2))["code"], "forbidden");
    theirs.send({ type: "start_conversation", user_id: ana.id });
    assert.equal((await theirs.told("error", 3))["code"], "forbidden");
    theirs.send({ type: "start_conversation", conversation_id: randomUUID() });
    assert.equal((await theirs.told("error", 4))["code"], "not_found");
    assert.equal(model().replies(prompt).length, 1);
    await mine.leave();
    await theirs.leave();
  });
});
