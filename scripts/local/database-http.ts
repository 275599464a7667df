// An HTTP server for a function from Request to Response.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

type Fetch = (request: Request) => Promise<Response>;

// Longer than any runtime keeps an idle connection (Deno: 90 s): a server that closes first cuts
// off a request sent at the same moment, which its client may not be able to repeat.
const KEEP_ALIVE_MS = 120_000;

export function createDatabaseServer(fetch: Fetch): Server {
  const server = createServer((incoming, outgoing) => {
    answer(fetch, incoming, outgoing).catch((error: Error) => {
      console.error(error);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500).end();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

async function answer(
  fetch: Fetch,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await fetch(await readRequest(incoming));
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  // Files of the embedded Storage arrive in pieces of types that arrayBuffer() does not accept.
  const pieces: Buffer[] = [];
  for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece));
  outgoing.end(Buffer.concat(pieces));
}

async function readRequest(incoming: IncomingMessage): Promise<Request> {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const method = incoming.method ?? "GET";
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const hasBody = method !== "GET" && method !== "HEAD";
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "127.0.0.1"}`);
  return new Request(url, { method, headers, ...(hasBody && { body: Buffer.concat(pieces) }) });
}
