// A streaming reverse proxy: every piece is passed on as it arrives, with back-pressure, and when one
// side leaves, the other side is told at once (RFC 9110 sections 7.6 and 7.8).
import {
  request as startHttpRequest,
  STATUS_CODES,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { request as startHttpsRequest } from "node:https";
import { pipeline, type Duplex } from "node:stream";
import { allowAll, isPreflight, sharedWithAll } from "./cross_origin.ts";
import { PatientSocket } from "./patient_socket.ts";
import { rawProblem, sendProblem, type ProblemFacts } from "./problem.ts";

export interface Upstream {
  /** The target of requests; undefined while the part is still starting. */
  url(): string | undefined;
  /** The answer while the part starts, cannot be reached, or breaks off before its answer begins. */
  unavailable: ProblemFacts;
  /** Pages of any origin may call it; otherwise the part itself decides. */
  isSharedWithAll?: boolean;
  /** Sent in place of each page's own origin, if given. */
  origin?: string;
}

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  upstream: Upstream,
): void {
  const target = upstream.url();
  // A page that is not allowed to ask would not learn the reason.
  const refuse = () => {
    if (isPreflight(request)) allowAll(request, response);
    else sendProblem(response, upstream.unavailable, request.url ?? "/");
  };
  if (upstream.isSharedWithAll && isPreflight(request)) {
    allowAll(request, response);
    return;
  }
  if (target === undefined) {
    refuse();
    return;
  }
  const outgoing = startRequest(request, target, forwardedHeaders(request, target, upstream));
  let answer: IncomingMessage | undefined;

  outgoing.on("response", (incoming) => {
    answer = incoming;
    const { statusCode = 502, statusMessage = "" } = incoming;
    const headers = endToEndHeaders(incoming.rawHeaders);
    const sent = upstream.isSharedWithAll ? sharedWithAll(headers) : headers;
    response.writeHead(statusCode, statusMessage, sent);
    response.flushHeaders(); // A stream's status and ids must not wait for its first token.
    incoming.pipe(response);
    // The upstream broke off: the caller must see a broken answer, not a short one.
    incoming.on("close", () => {
      if (!incoming.complete) response.destroy();
    });
  });
  // Without a listener an unexpected upgrade would leave the caller waiting for ever.
  outgoing.on("upgrade", (_incoming, socket) => socket.destroy());
  outgoing.on("error", () => {}); // `close` follows, and tells whether an answer came before.
  outgoing.on("close", () => {
    if (!answer && !response.destroyed) refuse();
    // A caller reads no answer before it has sent its whole body. Unpiping pauses the request, so it
    // comes first.
    request.unpipe(outgoing);
    request.resume();
  });
  response.on("close", () => outgoing.destroy());

  // A body that breaks off must not look complete upstream.
  request.on("close", () => {
    if (!request.complete) outgoing.destroy();
  });
  request.pipe(outgoing);
}

/** Passes a WebSocket (or any other upgrade) through, byte for byte in both directions. */
export function forwardUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  upstream: Upstream,
): void {
  const target = upstream.url();
  const refuse = () => socket.end(rawProblem(upstream.unavailable, request.url ?? "/"));
  socket.on("error", () => socket.destroy());
  if (target === undefined) {
    refuse();
    return;
  }
  const upgrade = ["Connection", "Upgrade", "Upgrade", request.headers.upgrade ?? "websocket"];
  const outgoing = startRequest(request, target, [
    ...forwardedHeaders(request, target, upstream),
    ...upgrade,
  ]);
  let answered = false;

  outgoing.on("upgrade", (incoming, peer, peerHead) => {
    answered = true;
    writeRawHead(socket, incoming, incoming.rawHeaders);
    if (peerHead.length > 0) socket.write(peerHead);
    if (head.length > 0) peer.write(head);
    // Neither side of a WebSocket continues after the other has ended its half.
    const end = () => {
      socket.destroy();
      peer.destroy();
    };
    pipeline(socket, peer, end);
    pipeline(peer, socket, end);
  });
  outgoing.on("response", (incoming) => {
    answered = true;
    const headers = endToEndHeaders(incoming.rawHeaders);
    writeRawHead(socket, incoming, [...headers, "Connection", "close"]);
    incoming.pipe(socket);
    incoming.on("close", () => {
      if (!incoming.complete) socket.destroy();
    });
  });
  outgoing.on("error", () => outgoing.destroy());
  outgoing.on("close", () => {
    if (!answered && !socket.destroyed) refuse();
  });
  socket.on("close", () => outgoing.destroy());
  outgoing.end();
}

function startRequest(request: IncomingMessage, target: string, headers: string[]): ClientRequest {
  const { protocol, hostname, port, pathname } = new URL(target);
  // URL keeps the brackets of an IPv6 address, but sockets do not accept them.
  const host = hostname.replace(/^\[|\]$/g, "");
  const options = {
    host,
    method: request.method ?? "GET",
    path: pathname.replace(/\/$/, "") + (request.url ?? "/"),
    headers,
  };
  // Uses a new connection for each request: on loopback it costs little, and an idle connection that
  // the other side closes just as it is reused would cause an inexplicable error.
  if (protocol === "https:")
    return startHttpsRequest({ ...options, port: port || 443, agent: false });
  const createConnection = () => new PatientSocket().connect(Number(port || 80), host);
  return startHttpRequest({ ...options, createConnection });
}

// On loopback, keeps the caller's Host, so that a part writes URLs that the caller can use; another
// machine needs its own host name to find its site.
function forwardedHeaders(request: IncomingMessage, target: string, upstream: Upstream): string[] {
  const host = request.headers.host ?? "";
  const isLocal = new URL(target).hostname === "127.0.0.1";
  const kept = headerPairs(endToEndHeaders(request.rawHeaders)).filter(([name]) => {
    // This server has answered `Expect`, and only this server knows the caller.
    return !/^(host|expect|forwarded|x-forwarded-(for|host|proto))$/i.test(name);
  });
  const pageOrigin = upstream.origin;
  const sentPairs = kept.map(([name, value]) => {
    return pageOrigin !== undefined && /^origin$/i.test(name) ? [name, pageOrigin] : [name, value];
  });
  const headers = [
    ["Host", isLocal ? host : new URL(target).host],
    ...sentPairs,
    ["X-Forwarded-For", request.socket.remoteAddress ?? ""],
    ["X-Forwarded-Host", host],
    ["X-Forwarded-Proto", "http"],
  ];
  const isChunked = request.headers["transfer-encoding"] !== undefined;
  if (isChunked) headers.push(["Transfer-Encoding", "chunked"]);
  return headers.flat();
}

function endToEndHeaders(rawHeaders: readonly string[]): string[] {
  const pairs = headerPairs(rawHeaders);
  const named = pairs
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  const dropped = new Set([...HOP_BY_HOP, ...named]);
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase())).flat();
}

function headerPairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    pairs.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  return pairs;
}

function writeRawHead(socket: Duplex, incoming: IncomingMessage, headers: string[]): void {
  const { statusCode = 502 } = incoming;
  const reason = incoming.statusMessage || STATUS_CODES[statusCode] || "";
  const lines = headerPairs(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${statusCode} ${reason}\r\n${lines.join("")}\r\n`, "latin1");
}
