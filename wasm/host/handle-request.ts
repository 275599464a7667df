import { Instance } from "./instance.ts";
import type { Platform } from "./platform.ts";

/**
 * Runs a guest for one request, in an instance of its own, so that it cannot affect other requests.
 * Resolves with the response as soon as the guest has started it.
 */
export function handleRequest(
  module: WebAssembly.Module,
  request: Request,
  platform: Platform,
): Promise<Response> {
  const instance = new Instance(request, platform);
  platform.waitUntil(instance.done);
  instance.start(module);
  return instance.response.ready;
}
