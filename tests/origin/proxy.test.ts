import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, get, request, type IncomingMessage } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { originInFrontOf, setUp, startUpstream } from "./upstream.ts";

const FUNCTION = "/functions/v1/chat";

function open(url: string, options = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, options, resolve).on("error", reject));
}

test("headers and each piece pass as soon as the upstream writes them", async (context) => {
  const release = { first: () => {}, second: () => {} };
  const { url } = await setUp(context, (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "x-session-id": "s1" });
    response.flushHeaders();
    release.first = () => response.write("data: one\n\n");
    release.second = () => response.end("data: two\n\n");
  });
  const response = await open(url + FUNCTION);
  assert.equal(response.headers["x-session-id"], "s1");
  const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  release.first();
  assert.equal((await pieces.next()).value?.toString(), "data: one\n\n");
  release.second();
  assert.equal((await pieces.next()).value?.toString(), "data: two\n\n");
  assert.ok((await pieces.next()).done);
});

test("a client that leaves a silent stream ends the upstream's within 200 ms", async (context) => {
  let upstreamClosedAt = 0;
  const { url } = await setUp(context, (_request, response) => {
    response.write("data: one\n\n");
    response.on("close", () => (upstreamClosedAt = performance.now()));
  });
  const response = await open(url + FUNCTION);
  await once(response, "data");
  const leftAt = performance.now();
  response.destroy();
  await sleep(200);
  assert.ok(upstreamClosedAt > 0, "the upstream still waits");
  assert.ok(upstreamClosedAt - leftAt < 200);
});

test("a client that leaves before the answer ends the upstream request", async (context) => {
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  let closed = false;
  const { url } = await setUp(context, (_request, response) => {
    response.on("close", () => (closed = true));
    arrived();
  });
  const leaving = get(url + FUNCTION).on("error", () => {});
  await asked;
  leaving.destroy();
  await sleep(200);
  assert.ok(closed);
});

test("an upload that breaks off does not look finished upstream", async (context) => {
  let outcome = "";
  const { url } = await setUp(context, (incoming) => {
    incoming.on("end", () => (outcome = "finished")).on("error", () => (outcome = "broken"));
    incoming.resume();
  });
  const upload = request(url + FUNCTION, { method: "POST" }).on("error", () => {});
  upload.write('{"text":');
  await sleep(50);
  upload.destroy();
  await sleep(200);
  assert.equal(outcome, "broken");
});

test("an answer that the upstream breaks off is broken for the caller too", async (context) => {
  const { url } = await setUp(context, (_request, response) => {
    response.write("data: half");
    setTimeout(() => response.destroy(), 20);
  });
  const response = await open(url + FUNCTION);
  await assert.rejects(async () => {
    for await (const _piece of response);
  });
});

test("a caller that does not read holds the upstream back", async (context) => {
  let written_bytes = 0;
  const piece = Buffer.alloc(64 * 1024);
  const left = new AbortController();
  const { url } = await setUp(context, async (_request, response) => {
    response.on("close", () => left.abort());
    while (!response.destroyed) {
      written_bytes += piece.length;
      if (!response.write(piece))
        await once(response, "drain", { signal: left.signal }).catch(() => {});
    }
  });
  const response = await open(url + FUNCTION);
  response.pause();
  await sleep(300);
  const stalledAt_bytes = written_bytes;
  await sleep(300);
  assert.equal(written_bytes, stalledAt_bytes);
  assert.ok(stalledAt_bytes < 32 * 1024 * 1024, `${stalledAt_bytes} bytes were taken in`);
  response.destroy();
});

test("a request and its answer arrive whole, without hop-by-hop headers", async (context) => {
  const { url } = await setUp(context, (incoming, response) => {
    let body = "";
    incoming.on("data", (piece: Buffer) => (body += piece.toString()));
    incoming.on("end", () => {
      const { method, url: path, headers } = incoming;
      response.writeHead(207, [
        "Set-Cookie",
        "a=1",
        "Set-Cookie",
        "b=2",
        "X-Hop",
        "1",
        "Connection",
        "close, X-Hop",
      ]);
      response.end(JSON.stringify({ method, path, headers, body }));
    });
  });
  const outgoing = request(`${url}/rest/v1/messages?select=*&a=%2F`, {
    method: "PATCH",
    headers: {
      "X-Custom": "kept",
      "X-Hop": "1",
      Connection: "X-Hop",
      "X-Forwarded-For": "1.2.3.4",
    },
  });
  outgoing.write("abc");
  outgoing.end("def");
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const seen = JSON.parse((await response.toArray()).join("")) as {
    headers: Record<string, string>;
  };
  assert.equal(response.statusCode, 207);
  assert.deepEqual(response.headers["set-cookie"], ["a=1", "b=2"]);
  assert.equal(response.headers["x-hop"], undefined);
  const { headers, ...rest } = seen;
  assert.deepEqual(rest, {
    method: "PATCH",
    path: "/rest/v1/messages?select=*&a=%2F",
    body: "abcdef",
  });
  assert.equal(headers["x-custom"], "kept");
  assert.equal(headers["x-hop"], undefined);
  assert.equal(headers["host"], new URL(url).host);
  assert.equal(headers["x-forwarded-for"], "127.0.0.1");
});

/** In front of a server that answers a request's first bytes with 413, and reads no more of it. */
async function originOfRefusals(context: TestContext) {
  // Closing with unread bytes resets the connection, right after the answer.
  const refusal = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(refusal, () => socket.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const started = await originInFrontOf({ functions: `http://127.0.0.1:${port}` });
  context.after(() => {
    server.close();
    return started.origin.close();
  });
  return started;
}

test("an answer that comes before the upload's end reaches the caller", async (context) => {
  const { url } = await originOfRefusals(context);
  for (let round = 0; round < 50; ++round) {
    const body = Buffer.alloc(4_000_000);
    const response = await fetch(url + FUNCTION, { method: "POST", body });
    assert.equal(response.status, 413);
    assert.equal(await response.text(), "no");
  }
});

test("what a caller goes on sending after such an answer is taken", async (context) => {
  const { origin } = await originOfRefusals(context);
  const bytes = 64_000_000; // More than sockets hold.
  const head = `POST ${FUNCTION} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n`;
  const caller = connect(origin.port, "127.0.0.1");
  context.after(() => caller.destroy());
  caller.write(head + "a");
  const [answer] = (await once(caller, "data")) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1.1 413 /);
  await new Promise<void>((resolve, reject) => {
    caller.on("error", reject);
    caller.write(Buffer.alloc(bytes - 1), (error) => (error ? reject(error) : resolve()));
  });
});

test("HEAD, 204 and 304 pass without a body", async (context) => {
  const { url } = await setUp(context, (incoming, response) => {
    const status = Number(new URL(incoming.url ?? "", url).searchParams.get("status"));
    response.writeHead(status, status === 200 ? { "Content-Length": "5" } : {});
    response.end(status === 200 ? "hello" : undefined);
  });
  const head = await fetch(`${url}${FUNCTION}?status=200`, { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), "5");
  assert.equal(await head.text(), "");
  for (const status of [204, 304]) {
    const response = await fetch(`${url}${FUNCTION}?status=${status}`);
    assert.equal(response.status, status);
    assert.equal(await response.text(), "");
  }
});

test("a part that is not there is told as problem+json with its own code", async (context) => {
  const gone = await startUpstream(() => {});
  gone.close();
  const { origin, url } = await originInFrontOf({ functions: gone.url, database: undefined });
  context.after(() => origin.close());
  const cases = [
    [FUNCTION, 503, "interrupted"],
    ["/rest/v1/messages", 503, "database_unavailable"],
    ["/auth/v1/token", 503, "database_unavailable"],
    ["/storage/v1/object/a", 503, "database_unavailable"],
    ["/elsewhere", 404, "not_found"],
    ["/rest/v10", 404, "not_found"],
  ] as const;
  for (const [path, status, code] of cases) {
    const response = await fetch(url + path, { method: "POST", body: "{}" });
    assert.equal(response.status, status, path);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const problem = (await response.json()) as { code: string; status: number; instance: string };
    assert.deepEqual([problem.code, problem.status, problem.instance], [code, status, path]);
    assert.equal(response.headers.get("retry-after"), status === 503 ? "1" : null);
  }
});

test("an upstream that closes without an answer is told as a problem", async (context) => {
  const { url } = await setUp(context, (incoming) => incoming.socket.destroy());
  const response = await fetch(url + FUNCTION);
  assert.equal(response.status, 503);
  assert.match(((await response.json()) as { detail: string }).detail, /Send the request again .*Idempotency-Key/);
});

test("1,000 requests, a tenth of them left early, leave nothing open", async (context) => {
  const { upstream, url } = await setUp(context, (incoming, response) => {
    if (incoming.headers["x-leave"]) response.write("data: one\n\n");
    else response.end("data: all\n\n");
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const one = async (index: number) => {
    const leaves = index % 10 === 0;
    const response = await open(url + FUNCTION, {
      agent,
      headers: leaves ? { "x-leave": "1" } : {},
    });
    if (leaves) {
      await once(response, "data");
      response.destroy();
    } else {
      assert.equal((await response.toArray()).join(""), "data: all\n\n");
    }
  };
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => one(index)));
  agent.destroy();
  await sleep(200);
  const open_connections = await new Promise<number>((resolve, reject) => {
    upstream.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
  assert.equal(open_connections, 0);
});
