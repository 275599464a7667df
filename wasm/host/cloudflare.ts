/** Cloudflare Workers: one worker serves all functions. */
import { HostTrait } from "./abi.ts";
import { handleRequest } from "./handle-request.ts";
import { problemResponse } from "./problem.ts";
import { functionName } from "./routing.ts";

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

interface Worker {
  fetch(
    request: Request,
    env: Record<string, unknown>,
    context: ExecutionContext,
  ): Promise<Response>;
}

/** The worker's default export, from its functions by name. */
export function worker(functions: Record<string, WebAssembly.Module>): Worker {
  const modules = new Map(Object.entries(functions));
  return {
    async fetch(request, env, context) {
      const module = modules.get(functionName(request.url));
      if (module === undefined) return problemResponse("not_found", request);
      return await handleRequest(module, request, {
        environment: (name) => {
          const value = env[name];
          return typeof value === "string" ? value : undefined;
        },
        waitUntil: (promise) => context.waitUntil(promise),
        // With the flag enable_request_signal too: the signal fires when a write has failed.
        traits: HostTrait.notices_leaving_only_on_write,
      });
    },
  };
}
