/**
 * The functions on a plain Deno: the Supabase adapter with the surroundings that the platform
 * provides.
 */
import type { StaticFiles } from "./static-files.ts";
import { serve } from "./supabase.ts";

export { packedFiles } from "./static-files.ts";

declare const Deno: {
  env: { get(name: string): string | undefined };
  addSignalListener(signal: "SIGTERM", listener: () => void): void;
  exit(): never;
};

const background = new Set<Promise<unknown>>();

Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(promise: Promise<unknown>): void {
      background.add(promise);
      void promise.finally(() => background.delete(promise));
    },
  },
});

/** Serves on loopback; the first line of output has the port. */
export function serveProcess(
  functions: Record<string, string>,
  options: { files?: StaticFiles } = {},
): void {
  const listen = {
    hostname: "127.0.0.1",
    port: Number(Deno.env.get("FABULA_FUNCTIONS_PORT") ?? 0),
    onListen: ({ port }: { port: number }) =>
      console.log(JSON.stringify({ event: "listen", port })),
  };
  const server = serve(functions, { ...options, listen });
  // Ends like an isolate of the platform: announces the end, and finishes what is running.
  Deno.addSignalListener("SIGTERM", async () => {
    globalThis.dispatchEvent(new Event("beforeunload"));
    await server.shutdown();
    await Promise.all(background);
    Deno.exit();
  });
}
