// Pages and names that are not of this machine are refused before any part is asked.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { INSTANCE_PATH } from "../../scripts/local/origin.ts";
import { refusalPrinter } from "../../scripts/local/refused_callers.ts";
import type { AllowedCallers } from "../../scripts/local/settings.ts";
import { setUp } from "./upstream.ts";

const PATHS = ["/functions/v1/chat", "/auth/v1/signup", "/rest/v1/projects", "/storage/v1/object/a", "/", INSTANCE_PATH];

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

async function ask(url: string, path: string, method: string, headers: Record<string, string>): Promise<Answer> {
  const outgoing = request(url + path, { method, headers });
  outgoing.end(method === "POST" ? '{"text":"Spend."}' : undefined);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const body = (await response.toArray()).join("");
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** An origin whose parts count what reaches them, and accept upgrades. */
async function countingOrigin(context: TestContext, callers?: AllowedCallers) {
  const reached: string[] = [];
  const refused: string[] = [];
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    reached.push(`${incoming.method} ${incoming.url}`);
    response.end("{}");
  };
  const { upstream, url } = await setUp(context, listener, callers, {
    refused: (detail) => void refused.push(detail),
  });
  upstream.server.on("upgrade", (incoming, socket) => {
    reached.push(`UPGRADE ${incoming.url}`);
    socket.on("error", () => {});
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  });
  return { url, reached, refused };
}

/** The head of the answer to a WebSocket's handshake. */
async function upgrade(url: string, headers: Record<string, string>): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    "GET /functions/v1/realtime/ws/session/a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join("")}\r\n`,
  );
  const [piece] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return piece.toString();
}

const HERE = "127.0.0.1:54321";
const FOREIGN: [what: string, headers: Record<string, string>][] = [
  ["another page", { Host: HERE, Origin: "https://evil.example" }],
  ["a page without an origin of its own", { Host: HERE, Origin: "null" }],
  ["an empty origin", { Host: HERE, Origin: "" }],
  ["a name that begins like one of this machine", { Host: HERE, Origin: "https://localhost.evil.example" }],
  ["a name that ends like one of this machine", { Host: HERE, Origin: "https://evillocalhost" }],
  ["a user called localhost", { Host: HERE, Origin: "https://localhost@evil.example" }],
  ["two origins", { Host: HERE, Origin: "http://localhost:3000, https://evil.example" }],
  ["a page whose name was pointed here", { Host: "evil.example:54321", Origin: "http://evil.example:54321" }],
  ["such a name without an origin", { Host: "evil.example:54321" }],
  ["such a name with an origin of this machine", { Host: "evil.example", Origin: "http://localhost:3000" }],
  ["an address of the network", { Host: "192.168.1.7:54321" }],
  ["a host that is none", { Host: "localhost:54321@evil.example" }],
];

for (const [what, headers] of FOREIGN) {
  test(`${what} is refused before anything is spent`, async (context) => {
    const { url, reached, refused } = await countingOrigin(context);
    for (const path of PATHS) {
      for (const method of ["POST", "GET"]) {
        const answer = await ask(url, path, method, headers);
        assert.equal(answer.status, 403, `${method} ${path}`);
        assert.equal(answer.headers["content-type"], "application/problem+json");
        assert.equal((JSON.parse(answer.body) as { code: string }).code, "forbidden");
        assert.equal(answer.headers["access-control-allow-origin"], undefined);
      }
      const preflight = await ask(url, path, "OPTIONS", {
        ...headers,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
      });
      assert.equal(preflight.status, 403, path);
      const cors = Object.keys(preflight.headers).filter((name) => name.startsWith("access-control-"));
      assert.deepEqual(cors, [], path);
    }
    const handshake = await upgrade(url, headers);
    assert.match(handshake, /^HTTP\/1\.1 403 Forbidden\r\n/);
    assert.doesNotMatch(handshake, /access-control-/i);
    assert.deepEqual(reached, []);
    assert.equal(refused.length, PATHS.length * 3 + 1);
  });
}

test("an empty host, which only a program can send, is refused too", async (context) => {
  const { url, reached } = await countingOrigin(context);
  assert.match(await upgrade(url, { Host: "" }), /^HTTP\/1\.1 40[03] /);
  assert.deepEqual(reached, []);
});

test("every name and address of this machine is answered, for every page of this machine", async (context) => {
  const { url, reached, refused } = await countingOrigin(context);
  const names = ["localhost", "LOCALHOST", "app.localhost", "a.b.localhost", "localhost.", "127.0.0.1", "127.8.9.1", "[::1]"];
  for (const name of names) {
    const own = `${name}:54321`;
    const pages = [undefined, `http://${own}`, `https://${name}`, `http://${name}:3000`, "tauri://localhost"];
    for (const page of pages) {
      const headers: Record<string, string> = page === undefined ? { Host: own } : { Host: own, Origin: page };
      assert.equal((await ask(url, "/functions/v1/chat", "POST", headers)).status, 200, `${own} ${page}`);
      assert.match(await upgrade(url, headers), /^HTTP\/1\.1 101 /, `${own} ${page}`);
    }
    assert.equal((await ask(url, "/", "GET", { Host: name })).status, 200, name);
  }
  assert.equal(reached.length, names.length * 5 * 2);
  assert.deepEqual(refused, []);
});

test("pages and hosts that the developer names are answered, and no others", async (context) => {
  const callers = { origins: ["https://app.example", "https://b.example:8443"], hosts: ["demo.example.com"] };
  const { url } = await countingOrigin(context, callers);
  const statusFor = async (headers: Record<string, string>) =>
    (await ask(url, "/functions/v1/chat", "POST", headers)).status;
  for (const Origin of ["https://app.example", "https://b.example:8443", "https://demo.example.com"]) {
    assert.equal(await statusFor({ Host: HERE, Origin }), 200, Origin);
    assert.equal(await statusFor({ Host: "demo.example.com", Origin }), 200, Origin);
    assert.match(await upgrade(url, { Host: "Demo.example.com:443", Origin }), /^HTTP\/1\.1 101 /, Origin);
  }
  for (const Origin of ["http://app.example", "https://b.example", "https://x.demo.example.com", "null"]) {
    assert.equal(await statusFor({ Host: HERE, Origin }), 403, Origin);
    assert.match(await upgrade(url, { Host: HERE, Origin }), /^HTTP\/1\.1 403 /, Origin);
  }
  assert.equal(await statusFor({ Host: "app.example" }), 403);
  assert.equal(await statusFor({ Host: "x.demo.example.com" }), 403);
});

test("the functions hear one origin for all pages, so that they need to let no other call", async (context) => {
  const heard: (string | undefined)[] = [];
  const originOfPages = "http://only-we-know.invalid";
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    heard.push(incoming.headers.origin);
    response.writeHead(200, { "Access-Control-Allow-Origin": originOfPages, Vary: "Origin" }).end("{}");
  };
  const { upstream, url } = await setUp(context, listener, undefined, { originOfPages });
  upstream.server.on("upgrade", (incoming, socket) => {
    heard.push(incoming.headers.origin);
    socket.on("error", () => {});
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  });
  const page = { Host: HERE, Origin: "http://localhost:3000" };
  const answer = await ask(url, "/functions/v1/chat", "POST", page);
  assert.equal(answer.headers["access-control-allow-origin"], "*");
  const asked = { ...page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "b3" };
  const preflight = await ask(url, "/functions/v1/chat", "OPTIONS", asked);
  assert.equal(preflight.headers["access-control-allow-headers"], "b3");
  await upgrade(url, page);
  await ask(url, "/functions/v1/chat", "POST", { Host: HERE });
  await ask(url, "/rest/v1/projects", "GET", page);
  assert.deepEqual(heard, [originOfPages, originOfPages, undefined, "http://localhost:3000"]);
});

test("with * all pages are answered, but no other host", async (context) => {
  const { url } = await countingOrigin(context, { origins: "*", hosts: [] });
  for (const Origin of ["https://evil.example", "null"]) {
    assert.equal((await ask(url, "/functions/v1/chat", "POST", { Host: HERE, Origin })).status, 200);
    assert.equal((await ask(url, "/functions/v1/chat", "POST", { Host: "evil.example", Origin })).status, 403);
  }
});

test("refusals are printed once each, at most ten, without control characters", async (context) => {
  const { url, refused } = await countingOrigin(context);
  const lines: string[] = [];
  const print = refusalPrinter((line) => lines.push(line));
  await ask(url, "/", "GET", { Host: HERE, Origin: "https://evil.example/\u009b31m" });
  assert.match(refused[0] ?? "", /"https:\/\/evil\.example\/\?31m"/);
  for (let index = 0; index < 30; ++index) [`page ${index}`, "page 0"].forEach(print);
  assert.deepEqual(lines, Array.from({ length: 10 }, (_, index) => `refused a request: page ${index}`));
});
