// Clients that break the rules: each gets a reason and is disconnected, and no other client is
// affected.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { OPCODE, RawSocket } from "./raw_socket.ts";
import { PROTOCOL, SocketClient, socketUrl } from "./socket.ts";
import { onBothRuntimes } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

onBothRuntimes("hostile clients of a socket", (stack) => {
  const open = () => SocketClient.open(stack(), randomUUID());
  const openRaw = async () => {
    const url = socketUrl(stack(), randomUUID());
    const raw = await RawSocket.open(url, { "sec-websocket-protocol": PROTOCOL });
    raw.say({ type: "hello" });
    await until("ready", () => raw.texts.some((text) => text.includes('"ready"')));
    return raw;
  };
  const title = (words: string) => `${words} (${stack().runtime})`;

  test("a binary message: an error, then 1003", async () => {
    const client = await open();
    client.socket.send(Buffer.from('{"type":"ping"}'));
    assert.deepEqual(await client.ended(), { code: 1003, reason: "unsupported_media_type" });
    assert.equal(client.of("error")[0]!["code"], "unsupported_media_type");
  });

  test("a message that is too long: 1009, however it is cut", async () => {
    const client = await open();
    client.say("m1", "x".repeat(300 * 1024));
    assert.deepEqual(await client.ended(), { code: 1009, reason: "body_too_large" });
    const raw = await openRaw();
    raw.send(OPCODE.text, "x".repeat(100 * 1024), { isLast: false });
    raw.send(OPCODE.continuation, "x".repeat(100 * 1024), { isLast: false });
    raw.send(OPCODE.continuation, "x".repeat(100 * 1024));
    assert.equal((await raw.ended()).code, 1009);
    raw.tcp.destroy();
  });

  test("the longest message that may be said comes whole", async () => {
    const client = await open();
    const longest = `${title("Long:")} ${"é".repeat(99_980)}`.slice(0, 100_000);
    let sentToModel = "";
    stack().backend.model.scriptOthers((reply) => {
      sentToModel = String(reply.request.messages.at(-1)!.content);
      reply.text("That was long.");
      reply.finish();
    });
    client.say("m1", longest);
    const { message_id } = await client.told("done", "m1");
    const [reply] = await stack().backend.rows("messages", { message_id });
    const [said] = await stack().backend.messages(reply!["session_id"]);
    assert.equal(said!["content"], longest, "it is stored whole");
    assert.ok(sentToModel.startsWith(longest.slice(0, 1000)), "the model is sent its beginning");
    assert.ok(sentToModel.length < longest.length, "and not more than its budget");
    client.say("m2", "é".repeat(100_001));
    assert.equal((await client.told("error"))["code"], "invalid_request");
    await client.leave();
  });

  test("what is no JSON, no message or no known type is an error, and the connection goes on", async () => {
    const client = await open();
    const wrong: [string, string][] = [
      ["{", "malformed_json"],
      ["null", "invalid_request"],
      ["[]", "invalid_request"],
      ['"text"', "invalid_request"],
      ["{}", "invalid_request"],
      ['{"type":7}', "invalid_request"],
      ['{"type":"teleport"}', "invalid_request"],
      ['{"type":"message","id":"m"}', "invalid_request"],
      ['{"type":"message","id":"","text":"words"}', "invalid_request"],
      [`{"type":"message","id":"${"i".repeat(129)}","text":"words"}`, "invalid_request"],
      ['{"type":"message","id":"m","text":"a\\u0000b"}', "invalid_request"],
      ['{"type":"message","id":"m","text":"a\\ud800b"}', "malformed_json"],
      ['{"type":"ack","bytes":-1}', "invalid_request"],
      ['{"type":"ack","bytes":1e300}', "invalid_request"],
      ['{"type":"ack","bytes":900000000}', "invalid_request"],
      ['{"type":"hello","last_event_id":"x"}', "invalid_request"],
      [`${"[".repeat(200)}${"]".repeat(200)}`, "json_too_deep"],
    ];
    for (const [text] of wrong) client.socket.send(text);
    await until("the errors", () => client.of("error").length >= wrong.length);
    assert.deepEqual(
      client.of("error").map(({ code }, at) => [wrong[at]![0], code]),
      wrong,
    );
    client.send({ type: "ping" });
    await client.told("pong");
    assert.equal(client.closed, undefined);
    await client.leave();
  });

  test("text that is no UTF-8 is no message", async () => {
    const raw = await openRaw();
    raw.send(OPCODE.text, Buffer.from('{"type":"\xff\xfe"}', "latin1"));
    if (stack().runtime === "workerd") {
      // It passes the host replaced characters, which are no message either.
      await until("an error", () => raw.texts.some((text) => text.includes("invalid_request")));
    } else {
      // Deno 2.1 drops the connection without a close frame.
      assert.ok([1006, 1007].includes((await raw.ended()).code));
    }
    raw.tcp.destroy();
  });

  test("frames that break the protocol end the connection, or are read as what they are", async (context) => {
    const lenient: string[] = [];
    // Whether these end the connection is the runtime's own doing, and both take some of them.
    const lenientWith = ["an unmasked frame", "a ping that is too long"];
    const breaks: [string, (raw: RawSocket) => void][] = [
      ["an unmasked frame", (raw) => raw.send(OPCODE.text, '{"type":"ping"}', { isMasked: false })],
      ["an unknown opcode", (raw) => raw.send(3, "what?")],
      ["a continuation of nothing", (raw) => raw.send(OPCODE.continuation, "more")],
      ["a ping that is too long", (raw) => raw.send(OPCODE.ping, "p".repeat(126))],
    ];
    for (const [what, act] of breaks) {
      const raw = await openRaw();
      act(raw);
      raw.say({ type: "ping" });
      await until(what, () => raw.closed !== undefined || raw.texts.at(-1)?.includes("pong"));
      if (raw.closed === undefined) {
        assert.ok(lenientWith.includes(what), what);
        lenient.push(what);
      }
      raw.tcp.destroy();
    }
    if (lenient.length > 0) context.diagnostic(`the runtime takes ${lenient.join(", ")}`);
  });

  for (const { how, message } of [
    { how: "pings", message: '{"type":"ping"}' },
    { how: "nonsense", message: "nonsense" },
  ]) {
    test(`a flood of ${how}: an error, then 1008`, async () => {
      const client = await open();
      for (let number = 0; number < 2_000; number += 1) client.socket.send(message);
      assert.deepEqual(await client.ended(), { code: 1008, reason: "rate_limited" });
      assert.equal(client.of("error").at(-1)!["code"], "rate_limited");
    });
  }

  test("more messages than may wait are refused one by one, and the others are answered", async () => {
    const client = await open();
    const first = title("Keep them waiting.");
    const isOver = makeGate();
    stack().backend.model.script(first, async (reply) => {
      reply.text("Wait. ");
      await isOver.opened;
      reply.finish();
    });
    client.say("m0", first);
    await client.told("token", "m0");
    for (let number = 1; number <= 20; number += 1) {
      const prompt = title(`Waiting, number ${number}.`);
      stack().backend.model.tell(prompt, [`Answer ${number}.`]);
      client.say(`m${number}`, prompt);
    }
    await until("the refusals", () => client.of("error").length === 4);
    assert.deepEqual(
      client.of("error").map(({ id, code }) => [id, code]),
      [17, 18, 19, 20].map((number) => [`m${number}`, "rate_limited"]),
    );
    isOver.open();
    for (let number = 1; number <= 16; number += 1) {
      await client.told("done", `m${number}`);
      assert.equal(client.reply(`m${number}`), `Answer ${number}.`);
    }
    assert.deepEqual(
      client.of("done").map(({ id }) => id),
      Array.from({ length: 17 }, (_, number) => `m${number}`),
    );
    await client.leave();
  });
});
