/** Cloudflare Workers: one worker serves all functions. */
import { HostTrait } from "./abi.ts";
import { handleRequest } from "./handle-request.ts";
import type { AcceptedSocket } from "./platform.ts";
import { noFunctionResponse } from "./problem.ts";
import { functionName } from "./routing.ts";
import { staticFileResponse, type StaticFiles } from "./static-files.ts";

declare class WebSocketPair {
  0: WebSocket;
  1: WebSocket & { accept(): void };
}

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

interface Worker {
  fetch(
    request: Request,
    env: Record<string, unknown>,
    context: ExecutionContext,
  ): Promise<Response>;
  scheduled(
    controller: unknown,
    env: Record<string, unknown>,
    context: ExecutionContext,
  ): Promise<void>;
}

export interface WorkerOptions {
  /** The path of the function that gets a POST at each of the cron triggers' times. */
  scheduledPath?: string;
  /** Files that are read from the binding, which does not know the platform's prefix. */
  files?: StaticFiles["facts"];
}

/** The binding with the static files: a Worker's assets. */
const filesBinding = "FILES";

interface Fetcher {
  fetch(url: string): Promise<Response>;
}

// The origin of requests without a network. The name is reserved (RFC 2606).
const scheduledOrigin = "https://scheduled.invalid";
const filesOrigin = "https://files.invalid";

function acceptSocket(request: Request, protocol: string | null): AcceptedSocket {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new TypeError("the request is no handshake");
  }
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  // Workers do not answer a close by themselves (before 2026-04, or without a flag).
  server.addEventListener("close", () => server.close());
  const headers = new Headers(protocol === null ? {} : { "sec-websocket-protocol": protocol });
  const opening: ResponseInit & { webSocket: WebSocket } = {
    status: 101,
    headers,
    webSocket: client,
  };
  return { response: new Response(null, opening), socket: server };
}

/** The worker's default export, from its functions by name. */
export function worker(
  functions: Record<string, WebAssembly.Module>,
  { scheduledPath, files = {} }: WorkerOptions = {},
): Worker {
  const modules = new Map(Object.entries(functions));
  const handle = async (
    request: Request,
    env: Record<string, unknown>,
    context: ExecutionContext,
    traits: number,
  ): Promise<Response> => {
    const module = modules.get(functionName(request.url));
    if (module === undefined) return noFunctionResponse(request);
    return await handleRequest(module, request, {
      environment: (name) => {
        const value = env[name];
        return typeof value === "string" ? value : undefined;
      },
      waitUntil: (promise) => context.waitUntil(promise),
      acceptSocket,
      // Cloudflare replaces whatever a client has sent under this name.
      clientAddress: ({ headers }) => headers.get("cf-connecting-ip") ?? undefined,
      // This also holds with the flag enable_request_signal: the signal fires when a write has
      // failed.
      traits: HostTrait.notices_leaving_only_on_write | traits,
    });
  };
  return {
    async fetch(request, env, context) {
      const binding = env[filesBinding] as Fetcher;
      const read = async (path: string) => {
        const { ok, status, body } = await binding.fetch(filesOrigin + path);
        if (!ok || body === null) throw new Error(`${path} is not among the files: ${status}`);
        return body;
      };
      const file = await staticFileResponse(request, { facts: files, read });
      return file ?? (await handle(request, env, context, 0));
    },
    async scheduled(_controller, env, context) {
      if (scheduledPath === undefined) return;
      const request = new Request(scheduledOrigin + scheduledPath, { method: "POST" });
      const response = await handle(request, env, context, HostTrait.is_scheduled);
      const answer = await response.text();
      // The platform's record of the trigger shows whether it succeeded.
      if (!response.ok) throw new Error(`${response.status} ${answer}`);
    },
  };
}
