// One list of tests, run against deno and against workerd.
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { startFunctions } from "../../scripts/local/functions-runtime.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export type Runtime = "deno" | "workerd";

export interface Host {
  runtime: Runtime;
  upstream: Upstream;
  /** Everything that the runtime and the guests have written. */
  lines: string[];
  /** Sends a request to the raw guest: `path` begins with the command. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The same, with the header that says which upstream path the guest talks to. */
  fetchWithUpstream(path: string, upstreamPath: string, init?: RequestInit): Promise<Response>;
  url: string;
  processId: number;
  stop(): Promise<void>;
}

// The bundled tests are in build/tests/hosts, next to scripts/build's output for the guests.
export const output = fileURLToPath(new URL(".", import.meta.url));
export const root = fileURLToPath(new URL("../../..", import.meta.url));

export const environment = { GREETING: "grüß dich", EMPTY: "" };

export async function startHost(runtime: Runtime): Promise<Host> {
  const upstream = await startUpstream();
  const lines: string[] = [];
  const part = await startFunctions({
    root,
    runtime,
    port: 0,
    environment,
    output,
    log: (line) => lines.push(line),
  });
  const fetchGuest: Host["fetch"] = (path, init) => fetch(`${part.url}/raw/${path}`, init);
  return {
    runtime,
    upstream,
    lines,
    url: part.url,
    processId: part.processId,
    fetch: fetchGuest,
    fetchWithUpstream: (path, upstreamPath, init = {}) =>
      fetchGuest(path, { ...init, headers: { "x-upstream": upstream.url + upstreamPath } }),
    stop: async () => {
      await part.stop();
      await upstream.stop();
    },
  };
}

/** Defines the tests once for each runtime; the host is ready when they run. */
export function onBothHosts(title: string, define: (host: () => Host) => void): void {
  for (const runtime of ["deno", "workerd"] as const) {
    describe(`${title}, on ${runtime}`, () => {
      let host: Host;
      before(async () => {
        host = await startHost(runtime);
      });
      after(() => host.stop());
      define(() => host);
    });
  }
}
