import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";
import { onBothHosts, startHost, type Host } from "./both-hosts.ts";
import { elapsedUntil } from "./upstream.ts";

const keptMessages = 256;
const longestKeptBytes = 256 * 1024;
const disconnected = -2;

interface Closed {
  code: number;
  reason: string;
}

/** A client of the guest's socket, and its received messages. */
class Client {
  readonly socket: WebSocket;
  readonly told: string[] = [];
  closed: Closed | undefined;

  constructor(host: Host, query: string, upstreamPath: string, protocol?: string) {
    const url = `${host.url.replace("http", "ws")}/raw/socket?${query}`;
    const headers = {
      "x-upstream": host.upstream.url + upstreamPath,
      ...(protocol !== undefined && { "x-protocol": protocol }),
    };
    this.socket = new WebSocket(url, protocol === undefined ? [] : ["other", protocol], {
      headers,
      perMessageDeflate: false,
    });
    this.socket.on("message", (data) => this.told.push(String(data)));
    this.socket.on("close", (code, reason) => (this.closed = { code, reason: String(reason) }));
    this.socket.on("error", () => {});
  }

  static async open(host: Host, query = "", path = "/silent/socket", protocol?: string) {
    const client = new Client(host, query, path, protocol);
    await once(client.socket, "open");
    return client;
  }

  say(message: string | Buffer): void {
    this.socket.send(message);
  }

  async hear(count: number): Promise<string[]> {
    await elapsedUntil(() => this.told.length >= count || this.closed !== undefined);
    return this.told;
  }

  async end(): Promise<Closed> {
    await elapsedUntil(() => this.closed !== undefined);
    return this.closed!;
  }
}

onBothHosts("sockets", (host) => {
  test("one is accepted without a sub-protocol, or with the one that the guest names", async () => {
    const without = await Client.open(host());
    assert.equal(without.socket.protocol, "");
    without.socket.close();
    const named = await Client.open(host(), "", "/silent/named", "fabula.v1");
    assert.equal(named.socket.protocol, "fabula.v1");
    named.socket.close();
  });

  test("a request that is no handshake is told so to the guest, which answers it otherwise", async () => {
    const plain = await host().fetch("socket");
    assert.deepEqual([plain.status, await plain.text()], [426, "accept-4"]);
    const { hostname, port } = new URL(host().url);
    for (const upgrade of ["h2c", "websocket"]) {
      // Without Sec-WebSocket-Key, so that it is none whatever it upgrades to.
      const raw = connect(Number(port), hostname);
      raw.write(
        `GET /raw/socket HTTP/1.1\r\nhost: ${hostname}\r\nconnection: upgrade\r\nupgrade: ${upgrade}\r\n\r\n`,
      );
      const [answer] = (await once(raw, "data")) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 4\d\d/, upgrade);
      raw.destroy();
    }
  });

  test("messages are text or binary, of any length, and come in their order", async () => {
    const client = await Client.open(host());
    client.say("hello");
    client.say(Buffer.from("bytes"));
    client.say("");
    client.say("é 字 🦊");
    assert.deepEqual(await client.hear(4), [
      "text 5 hello",
      "binary 5 bytes",
      "text 0 ",
      "text 11 é 字 🦊",
    ]);
    client.socket.close();
  });

  test("a message that is longer than the buffer is received again, whole", async () => {
    const client = await Client.open(host(), "capacity=8");
    const long = "0123456789".repeat(1000);
    client.say("short");
    client.say(long);
    client.say("short");
    assert.deepEqual(await client.hear(4), [
      "text 5 short",
      "longer 10000",
      `text 10000 ${long}`,
      "text 5 short",
    ]);
    client.socket.close();
  });

  test("the longest message that is kept comes whole, a longer one only as its length", async () => {
    const client = await Client.open(host(), "capacity=8");
    const longest = "m".repeat(longestKeptBytes);
    client.say(longest);
    const [length, message] = await client.hear(2);
    assert.equal(length, `longer ${longestKeptBytes}`);
    assert.ok(message === `text ${longestKeptBytes} ${longest}`);
    client.say(`${longest}m`);
    assert.equal((await client.hear(3))[2], `longer ${0x7fff_ffff}`);
    client.socket.close();
  });

  test("a receive that is given up loses nothing", async () => {
    const client = await Client.open(host(), "restless_ms=1");
    const said: string[] = [];
    for (let number = 0; number < 400; number += 1) {
      said.push(`message ${number}`);
      client.say(said.at(-1)!);
      if (number % 5 === 0) await delay(1);
    }
    const told = await client.hear(said.length);
    assert.deepEqual(
      told,
      said.map((message) => `text ${message.length} ${message}`),
    );
    client.socket.close();
  });

  test("a flood of messages is kept up to the limit; then the guest is told, and receives on", async () => {
    const client = await Client.open(host(), "deaf_ms=2500");
    for (let number = 0; number < keptMessages + 100; number += 1) client.say(`m${number}`);
    await client.hear(keptMessages + 2);
    assert.equal(client.told.at(-1), "overflow");
    assert.deepEqual(client.told.slice(0, -1), [
      ...Array.from({ length: keptMessages + 1 }, (_, number) => `text ${`m${number}`.length} m${number}`),
    ]);
    client.say("afterwards");
    assert.equal((await client.hear(keptMessages + 3)).at(-1), "text 10 afterwards");
    client.socket.close();
  });

  test("a flood of bytes too", async () => {
    const client = await Client.open(host(), "deaf_ms=2500&capacity=262144");
    for (let number = 0; number < 8; number += 1) client.say(`${number}`.repeat(200_000));
    await client.hear(4);
    assert.deepEqual(
      client.told.map((told) => told.slice(0, 14)),
      ["text 200000 00", "text 200000 11", "text 200000 22", "overflow"],
    );
    client.socket.close();
  });

  for (const { how, code, leave } of [
    { how: "closes without a code", code: 1005, leave: (one: Client) => one.socket.close() },
    { how: "closes with 1000", code: 1000, leave: (one: Client) => one.socket.close(1000) },
    { how: "closes with a code of its own", code: 4321, leave: (one: Client) => one.socket.close(4321, "mine") },
    { how: "drops the connection", code: 1006, leave: (one: Client) => one.socket.terminate() },
  ]) {
    test(`a client that ${how}: the guest has the code, is told once, and works on`, async () => {
      const path = `/silent/${how.replaceAll(" ", "-")}`;
      const client = await Client.open(host(), "work_ms=1500", path);
      client.say("hello");
      await client.hear(1);
      const beganMs = performance.now();
      leave(client);
      const closed = await client.end();
      if (code !== 1006) {
        // The close is answered, with the client's own code.
        assert.equal(closed.code, code);
        assert.ok(performance.now() - beganMs < 1500, "the answer waits for nobody");
      }
      assert.equal(await host().upstream.reported(path), `code${code}_events1`);
      assert.ok(performance.now() - beganMs >= 1500, "the work after the close was done");
    });
  }

  test("what a client has said before it closes is still received", async () => {
    const path = "/silent/last-words";
    const client = await Client.open(host(), "deaf_ms=300&work_ms=1", path);
    client.say("one");
    client.say("two");
    client.socket.close(4000);
    assert.equal(await host().upstream.reported(path), "code4000_events1");
  });

  test("the guest closes, with a code and a reason; a send afterwards is disconnected", async () => {
    const path = "/silent/closing";
    const client = await Client.open(host(), "", path);
    client.say("hello");
    client.say("close 4008 reason: ü");
    assert.deepEqual(await client.end(), { code: 4008, reason: "reason: ü" });
    assert.deepEqual(client.told, ["text 5 hello"]);
    assert.equal(await host().upstream.reported(path), `send${disconnected}`);
  });

  test("a guest that speaks and closes as soon as it has accepted is heard", async () => {
    for (let number = 0; number < 10; number += 1) {
      const client = new Client(host(), "at_once=1008", "/silent/at-once");
      assert.deepEqual(await client.end(), { code: 1008, reason: "at_once" });
      assert.deepEqual(client.told, ["hello and goodbye"]);
    }
  });

  for (const code of [1003, 1007, 1008, 1009, 1011, 1012, 1013]) {
    test(`the guest may close with ${code}`, async () => {
      const client = await Client.open(host());
      client.say(`close ${code} some_reason`);
      assert.deepEqual(await client.end(), { code, reason: "some_reason" });
    });
  }

  test("a guest that has finished leaves a socket that is closed normally", async () => {
    const client = await Client.open(host());
    client.say("finish");
    assert.equal((await client.end()).code, 1000);
  });

  for (const { title, message } of [
    { title: "that traps", message: "trap" },
    { title: "that closes with a code that nobody may send", message: "close 1006 no" },
    { title: "whose reason is too long", message: `close 1000 ${"r".repeat(124)}` },
  ]) {
    test(`a guest ${title}: 1011, and others do not notice`, async () => {
      const other = await Client.open(host());
      const client = await Client.open(host());
      client.say(message);
      assert.equal((await client.end()).code, 1011);
      other.say("still here?");
      assert.deepEqual(await other.hear(1), ["text 11 still here?"]);
      other.socket.close();
    });
  }

  test("text that is no UTF-8 is not given to the guest as it is", async () => {
    const path = "/silent/no-text";
    const client = await Client.open(host(), "", path);
    client.socket.send(Buffer.from([0x61, 0xff, 0xfe]), { binary: false });
    if (host().runtime === "workerd") {
      // It replaces invalid UTF-8, like a text decoder, without an error.
      assert.deepEqual(await client.hear(1), ["text 7 a\ufffd\ufffd"]);
      client.socket.close();
    } else {
      // It drops the connection.
      assert.equal((await client.end()).code, 1006);
      assert.equal(await host().upstream.reported(path), "code1006_events1");
    }
  });

  test("fifty sockets at once are fifty instances", async () => {
    const crowd = await Promise.all(
      Array.from({ length: 50 }, () => Client.open(host(), "capacity=4")),
    );
    for (const [number, client] of crowd.entries()) client.say(`I am number ${number}`);
    for (const [number, client] of crowd.entries()) {
      const [, told] = await client.hear(2);
      assert.equal(told, `text ${`I am number ${number}`.length} I am number ${number}`);
      client.socket.close();
    }
  });
});

// Cloudflare does not announce an isolate's end: its clients see the connection drop.
test("the isolate's coming end is told to a guest with a socket, on deno", async () => {
  const host = await startHost("deno");
  const client = await Client.open(host);
  const stopped = host.stop();
  assert.deepEqual(await client.hear(1), ["isolate_ending"]);
  assert.deepEqual(await client.end(), { code: 1012, reason: "interrupted" });
  await Promise.race([stopped, delay(2_500).then(() => assert.fail("it did not end by itself"))]);
});
