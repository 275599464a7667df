import { relay } from "relay";
import { decode } from "./decode.ts";

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

export default {
  fetch(request: Request, env: Record<string, string>, context: ExecutionContext) {
    if (new URL(request.url).pathname === "/decode") return decode(request);
    return relay(request, {
      setting: (name) => env[name]!,
      waitUntil: (promise) => context.waitUntil(promise),
    });
  },
};
