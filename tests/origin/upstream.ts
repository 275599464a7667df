// A real HTTP server on loopback in the place of a part, and an origin in front of it.
import { randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { startOrigin, type Origin, type OriginOptions } from "../../scripts/local/origin.ts";
import type { AllowedCallers } from "../../scripts/local/settings.ts";

export interface Upstream {
  server: Server;
  url: string;
  close(): void;
}

export async function startUpstream(listener: RequestListener): Promise<Upstream> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { server, url: `http://127.0.0.1:${port}`, close };
}

export interface TestedOrigin {
  origin: Origin;
  url: string;
}

/** As without any setting. */
const ONLY_LOOPBACK: AllowedCallers = { origins: [], hosts: [] };

export async function originInFrontOf(
  urls: { functions?: string | undefined; database?: string | undefined },
  callers = ONLY_LOOPBACK,
  more: Partial<OriginOptions> = {},
): Promise<TestedOrigin> {
  const origin = await startOrigin(0, {
    callers,
    ...more,
    instance: randomUUID(),
    pageDir: "scripts/local/page",
    functionsUrl: () => urls.functions,
    databaseUrl: () => urls.database,
  });
  return { origin, url: `http://127.0.0.1:${origin.port}` };
}

/** An upstream in the place of every part; both end with the test. */
export async function setUp(
  context: TestContext,
  listener: RequestListener,
  callers = ONLY_LOOPBACK,
  more: Partial<OriginOptions> = {},
) {
  const upstream = await startUpstream(listener);
  const urls = { functions: upstream.url, database: upstream.url };
  const { origin, url } = await originInFrontOf(urls, callers, more);
  context.after(async () => {
    await origin.close();
    upstream.close();
  });
  return { upstream, origin, url };
}
