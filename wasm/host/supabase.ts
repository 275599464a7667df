/** The adapter for Supabase Edge Functions, and for a plain Deno. */
import { handleRequest } from "./handle-request.ts";
import type { AcceptedSocket, Platform } from "./platform.ts";
import { noFunctionResponse } from "./problem.ts";
import { functionName } from "./routing.ts";
import { bytesOfBase64, packedFiles, staticFileResponse, type StaticFiles } from "./static-files.ts";

export { packedFiles };

declare const Deno: {
  env: { toObject(): Record<string, string> };
  upgradeWebSocket(request: Request, options: { protocol?: string }): AcceptedSocket;
  serve(options: object, handler: (request: Request, connection: Connection) => Promise<Response>): Server;
};

interface Connection {
  remoteAddr: { hostname?: string };
}

/** Undefined on a plain Deno, whose process keeps running anyway. */
declare const EdgeRuntime: { waitUntil(promise: Promise<unknown>): void } | undefined;

/** The part of Deno.serve's result that is used here. */
export interface Server {
  shutdown(): Promise<void>;
}

export interface ServeOptions {
  /** Files that are sent without a function. */
  files?: StaticFiles;
  /** Where to listen; on Supabase the platform decides. */
  listen?: ListenOptions;
}

export interface ListenOptions {
  hostname?: string;
  port?: number;
  onListen?: (address: { port: number }) => void;
}

const endingListeners = new Set<() => void>();

globalThis.addEventListener("beforeunload", () => {
  for (const listener of endingListeners) listener();
});

// Read once, because each access to the process's environment is a call out of V8.
let settings: Map<string, string> | undefined;

const platform: Platform = {
  environment: (name) => {
    settings ??= new Map(Object.entries(Deno.env.toObject()));
    return settings.get(name);
  },
  waitUntil: (promise) => {
    if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(promise);
  },
  traits: 0,
  acceptSocket,
  onEnding: (listener) => {
    endingListeners.add(listener);
    return () => endingListeners.delete(listener);
  },
};

function acceptSocket(request: Request, protocol: string | null): AcceptedSocket {
  const accepted = upgrade(request, protocol);
  closeInSilence(accepted.socket);
  return accepted;
}

function upgrade(request: Request, protocol: string | null): AcceptedSocket {
  if (protocol === null) return Deno.upgradeWebSocket(request, {});
  // Deno finds a sub-protocol only in a list with spaces after the commas, which clients need not
  // write, so it gets a list with only this one.
  const headers = new Headers(request.headers);
  headers.set("sec-websocket-protocol", protocol);
  Object.defineProperty(request, "headers", { value: headers, configurable: true });
  try {
    return Deno.upgradeWebSocket(request, { protocol });
  } finally {
    delete (request as { headers?: Headers }).headers;
  }
}

const silenceMs = 50;
const longestWaitMs = 1000;

/**
 * Makes `close` wait until the client has been silent for a moment: when a message arrives after a
 * close, Deno 2.1 drops the connection at once, and the client loses the last messages to it.
 */
function closeInSilence(socket: AcceptedSocket["socket"]): void {
  const close = socket.close.bind(socket);
  let heardMs = 0;
  socket.addEventListener("message", () => {
    heardMs = Date.now();
  });
  const closeLater = async (code?: number, reason?: string) => {
    const deadlineMs = Date.now() + longestWaitMs;
    for (;;) {
      const leftMs = Math.min(heardMs + silenceMs, deadlineMs) - Date.now();
      if (leftMs <= 0) break;
      await new Promise((resolve) => setTimeout(resolve, leftMs));
    }
    close(code, reason);
  };
  socket.close = (code, reason) => platform.waitUntil(closeLater(code, reason));
}

/** Serves functions by name. Each is given as base64 of its module, and compiled once. */
export function serve(
  functions: Record<string, string>,
  { files, listen = {} }: ServeOptions = {},
): Server {
  const modules = new Map(
    Object.entries(functions).map(([name, text]) => [name, compile(text)] as const),
  );
  return Deno.serve(listen, async (request, connection) => {
    const file = files && (await staticFileResponse(request, files));
    if (file) return file;
    const module = modules.get(functionName(request.url));
    if (module === undefined) return noFunctionResponse(request);
    const clientAddress = () => (listen.port === undefined ? addressAtSupabase(request) : connection.remoteAddr.hostname);
    return await handleRequest(module, request, { ...platform, clientAddress });
  });
}

// Cloudflare, which is in front of Supabase, replaces whatever a client has sent under this name. A
// plain Deno knows of nothing in front: the other end of the connection is the client.
function addressAtSupabase({ headers }: Request): string | undefined {
  return headers.get("cf-connecting-ip") ?? undefined;
}

function compile(base64: string): WebAssembly.Module {
  return new WebAssembly.Module(bytesOfBase64(base64));
}
