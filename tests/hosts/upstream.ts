// A scripted HTTP server for the guests to talk to. The path is the script.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Upstream {
  url: string;
  /** Requests to a path so far. */
  count(path: string): number;
  /** Resolves when a request to the path has arrived. */
  arrived(path: string): Promise<unknown>;
  /** Resolves with the milliseconds until every connection of a path's requests is closed. */
  closed(path: string): Promise<number>;
  /** Resolves with the reason that a guest reported to `path` + "/report". */
  reported(path: string): Promise<string>;
  stop(): Promise<void>;
}

type Script = (response: ServerResponse, query: URLSearchParams) => Promise<void> | void;

const scripts: Record<string, Script> = {
  // `count` numbered pieces, `gap_ms` apart, each begun with `name` when there is one.
  async pieces(response, query) {
    response.writeHead(200, { "x-scripted": "pieces" });
    const name = query.has("name") ? `${query.get("name")}: ` : "";
    for (let number = 0; number < Number(query.get("count")); number += 1) {
      response.write(`${name}piece ${number};`);
      await delay(Number(query.get("gap_ms")));
    }
    response.end();
  },
  // One piece, and the connection stays open.
  silent(response) {
    response.writeHead(200);
    response.write("first piece;");
  },
  // A piece each 20 ms, without end.
  async endless(response) {
    response.writeHead(200);
    while (!response.destroyed) {
      response.write("data: more\n\n");
      await delay(20);
    }
  },
  // Not even a head.
  never() {},
  // Breaks in the middle of its body.
  async breaking(response) {
    response.writeHead(200, { "content-length": 1000 });
    response.write("only this");
    await delay(50);
    response.destroy();
  },
  redirect(response) {
    response.writeHead(302, { location: "/elsewhere" });
    response.end("go elsewhere");
  },
  refusal(response) {
    response.writeHead(429, { "x-scripted": "refused" });
    response.end("not now");
  },
  empty(response) {
    response.writeHead(204);
    response.end();
  },
  // The encoding that the request asked for.
  encoding(response) {
    response.writeHead(200);
    response.end(String(response.req.headers["accept-encoding"]));
  },
  large(response, query) {
    response.writeHead(200);
    response.end(Buffer.alloc(Number(query.get("bytes")), "l"));
  },
  keys(response) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"keys":[]}');
  },
  missing(response) {
    response.writeHead(404);
    response.end();
  },
  mirror(response) {
    response.writeHead(200);
    response.req.pipe(response);
  },
};

export async function startUpstream(): Promise<Upstream> {
  const requests: { path: string; request: IncomingMessage; response: ServerResponse }[] = [];
  const reports = new Map<string, string>();
  const at = (path: string) => requests.filter((one) => one.path === path);

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://upstream");
    requests.push({ path: pathname, request, response });
    response.socket?.setNoDelay(true);
    if (pathname.endsWith("/report")) {
      reports.set(pathname, searchParams.get("reason") ?? "");
      response.end();
      return;
    }
    // The text after the script's name distinguishes a test's requests from another's.
    const script = scripts[pathname.split("/")[1] ?? ""];
    if (script === undefined) response.writeHead(500).end();
    else void script(response, searchParams);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: (path) => at(path).length,
    arrived: (path) => elapsedUntil(() => at(path).length > 0),
    closed: (path) =>
      elapsedUntil(() => at(path).every((one) => one.response.destroyed)),
    reported: async (path) => {
      await elapsedUntil(() => reports.has(`${path}/report`));
      return reports.get(`${path}/report`) ?? "";
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const longestWaitMs = 10_000;

/** Polls until the condition holds; throws when it never does. */
export async function elapsedUntil(condition: () => boolean): Promise<number> {
  const beganMs = performance.now();
  while (!condition()) {
    if (performance.now() - beganMs > longestWaitMs) throw new Error("it did not happen in 10 s");
    await delay(5);
  }
  return performance.now() - beganMs;
}
