// The one origin of the development server: the functions, the embedded Supabase and the page.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { allowAll, isPreflight, SHARED_WITH_ALL } from "./cross_origin.ts";
import { OpenRequests } from "./open_requests.ts";
import { sendPage } from "./page_files.ts";
import { listen } from "./ports.mjs";
import { rawProblem, sendProblem, type ProblemFacts } from "./problem.ts";
import { forwardRequest, forwardUpgrade, type Upstream } from "./proxy.ts";
import { refusalOf } from "./refused_callers.ts";
import type { AllowedCallers } from "./settings.ts";

export interface OriginOptions {
  /** Distinguishes this server from any other: the answer at `INSTANCE_PATH`. */
  instance: string;
  /** Folder of the page's files. */
  pageDir: string;
  /** The URLs of the parts; undefined while they start. */
  functionsUrl(): string | undefined;
  databaseUrl(): string | undefined;
  /** Everybody else is refused before a part is asked. */
  callers: AllowedCallers;
  /**
   * The origin that the functions let call, which stands for each page that this server lets call: so pages
   * that find the functions' own port get no further. Absent: they get the page's origin, and decide.
   */
  originOfPages?: string;
  /** Called for each refused request, with a sentence for the developer. */
  refused?(detail: string): void;
}

export interface Origin {
  port: number;
  /** Resolves when no part at this URL is answering a request, or at the deadline. */
  untilUnused(url: string, deadline_ms: number): Promise<void>;
  /**
   * Ends the open connections, so that streams see their client leave. Keeps answering new ones.
   */
  disconnect(): void;
  /** Accepts no more connections and ends the open ones. */
  close(): Promise<void>;
}

/**
 * Answers `{"instance": ...}`, by which a second start and ./scripts/status see that this server
 * runs.
 */
export const INSTANCE_PATH = "/.well-known/fabula-development-server";

const FUNCTIONS_UNAVAILABLE: ProblemFacts = {
  status: 503,
  code: "interrupted",
  title: "Interrupted",
  detail:
    "The functions did not answer; if they have ended, they are started again. Send the request again in a " +
    "second, a message with the same Idempotency-Key. See logs/functions.log in the data directory.",
  headers: { "Retry-After": "1" },
};
const DATABASE_UNAVAILABLE: ProblemFacts = {
  status: 503,
  code: "database_unavailable",
  title: "Database unavailable",
  detail:
    "The database did not answer; if it has ended, it is started again. Send the request again in a second. " +
    "See logs/database.log in the data directory.",
  headers: { "Retry-After": "1" },
};

/** Resolves when it listens on 127.0.0.1; rejects when another program does. */
export async function startOrigin(port: number, options: OriginOptions): Promise<Origin> {
  const functions: Upstream = {
    url: options.functionsUrl,
    unavailable: FUNCTIONS_UNAVAILABLE,
    ...(options.originOfPages && { origin: options.originOfPages, isSharedWithAll: true }),
  };
  const database: Upstream = {
    url: options.databaseUrl,
    unavailable: DATABASE_UNAVAILABLE,
    isSharedWithAll: true,
  };

  const upstreamOf = (path: string): Upstream | undefined => {
    if (isBelow(path, "/functions/v1")) return functions;
    if (["/rest/v1", "/auth/v1", "/storage/v1"].some((prefix) => isBelow(path, prefix))) {
      return database;
    }
    return undefined;
  };
  const openRequests = new OpenRequests();
  const countRequest = (upstream: Upstream): (() => void) => {
    const url = upstream.url();
    return url === undefined ? () => {} : openRequests.add(url);
  };

  const refusal = (request: IncomingMessage): ProblemFacts | undefined => {
    const problem = refusalOf(request.headers, options.callers);
    if (problem) options.refused?.(problem.detail);
    return problem;
  };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request);
    const refused = refusal(request);
    if (refused) {
      sendProblem(response, refused, path);
      return;
    }
    const upstream = upstreamOf(path);
    if (upstream) {
      response.on("close", countRequest(upstream));
      forwardRequest(request, response, upstream);
    } else if (isPreflight(request)) {
      allowAll(request, response);
    } else if (path === INSTANCE_PATH) {
      const body = JSON.stringify({ instance: options.instance });
      response.writeHead(200, {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        ...SHARED_WITH_ALL,
      });
      response.end(body);
    } else {
      sendPage(options.pageDir, path, request, response);
    }
  };
  const upgraded = new Set<Duplex>();
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refused = refusal(request);
    if (refused) {
      socket.on("error", () => socket.destroy());
      socket.end(rawProblem(refused, pathOf(request)));
      return;
    }
    const upstream = upstreamOf(pathOf(request));
    if (!upstream) {
      socket.destroy();
      return;
    }
    const endOfRequest = countRequest(upstream);
    upgraded.add(socket);
    socket.on("close", () => {
      upgraded.delete(socket);
      endOfRequest();
    });
    forwardUpgrade(request, socket, head, upstream);
  };

  const server = createServer(answer);
  server.requestTimeout = 0; // An upload may take long; the functions have their own limits.
  server.on("upgrade", upgrade);
  await listen(server, port);
  const disconnect = () => {
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy(); // The server no longer tracks these.
  };
  const closed = new Promise<void>((resolve) => server.on("close", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    untilUnused: (url, deadline_ms) => openRequests.untilNone(url, deadline_ms),
    disconnect,
    close: () => {
      server.close();
      disconnect();
      return closed;
    },
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split(/[?#]/, 1)[0] ?? "/";
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
