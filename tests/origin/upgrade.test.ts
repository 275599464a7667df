import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { originInFrontOf, setUp } from "./upstream.ts";

const FUNCTION = "/functions/v1/chat";

const UPGRADE =
  `GET ${FUNCTION} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

async function sendUpgrade(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(UPGRADE);
  return socket;
}

async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = "";
  for await (const piece of socket) {
    text += (piece as Buffer).toString();
    if (text.endsWith(end)) return text;
  }
  return text;
}

test("an upgrade passes bytes both ways and ends with either side", async (context) => {
  const { upstream, url } = await setUp(context, () => {});
  let peerEnded = false;
  upstream.server.on("upgrade", (incoming, socket) => {
    assert.equal(incoming.headers["sec-websocket-key"], "dGhlIHNhbXBsZSBub25jZQ==");
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.on("data", (piece: Buffer) => socket.write(`echo ${piece.toString()}`));
    socket.on("end", () => (peerEnded = true));
    socket.on("error", () => {});
  });
  const socket = await sendUpgrade(url);
  const received: string[] = [];
  socket.on("data", (piece: Buffer) => received.push(piece.toString()));
  await once(socket, "data");
  assert.match(received.join(""), /^HTTP\/1\.1 101 /);
  socket.write("hello");
  await once(socket, "data");
  assert.match(received.join(""), /echo hello$/);
  socket.destroy();
  await sleep(200);
  assert.ok(peerEnded);
});

test("a refused upgrade is answered, by the upstream or for it", async (context) => {
  const { upstream, url } = await setUp(context, () => {});
  upstream.server.on("upgrade", (_incoming, socket) => {
    socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  });
  assert.match(await readUntil(await sendUpgrade(url), "no"), /^HTTP\/1\.1 401 [\s\S]*no$/);

  const starting = await originInFrontOf({});
  context.after(() => starting.origin.close());
  assert.match(
    await readUntil(await sendUpgrade(starting.url), "}"),
    /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1[\s\S]*interrupted/,
  );
});
