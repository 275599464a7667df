// Clients that take whatever a relay sends, in a process of their own.
import { Agent, request } from "node:http";
import { answerCommands } from "./peer.ts";

export interface Load {
  url: string;
  connections: number;
  streams: number;
  /** The end of a complete answer. */
  lastWords: string;
  /** A part of an answer's first token. */
  token: string;
  /** Streams begin within this time of each other. */
  spreadMs: number;
  /** The request's body, if it is not the usual one. */
  body?: string;
}

export interface Taken {
  elapsedMs: number;
  bytes: number;
  /** Pieces that arrived one by one. */
  pieces: number;
  firstTokenMs: number[];
}

const usualBody = JSON.stringify({
  text: "A lighthouse keeper finds a door in the sea. Help me begin.",
});

async function take(load: Load, agent: Agent, taken: Taken): Promise<void> {
  const beganMs = performance.now();
  const body = load.body ?? usualBody;
  await new Promise<void>((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    let hasAnswer = false;
    const sent = request(load.url, { method: "POST", agent, headers }, (response) => {
      hasAnswer = true;
      let hasToken = false;
      let last: Buffer = Buffer.alloc(0);
      response.on("data", (piece: Buffer) => {
        if (!hasToken && piece.includes(load.token)) {
          hasToken = true;
          taken.firstTokenMs.push(performance.now() - beganMs);
        }
        taken.pieces += 1;
        taken.bytes += piece.length;
        last = piece;
      });
      response.once("end", () => {
        if (response.statusCode === 200 && last.includes(load.lastWords)) resolve();
        else reject(new Error(`${load.url} ended with ${response.statusCode} ${last.toString()}`));
      });
    });
    // A relay may close a connection at the very moment that it is used again.
    sent.once("error", (fault) => {
      if (sent.reusedSocket && !hasAnswer) resolve(take(load, agent, taken));
      else reject(fault);
    });
    sent.end(body);
  });
}

answerCommands({
  run: async (load: Load): Promise<Taken> => {
    const taken: Taken = { elapsedMs: 0, bytes: 0, pieces: 0, firstTokenMs: [] };
    const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
    const beganMs = performance.now();
    let left = load.streams;
    await Promise.all(
      Array.from({ length: load.connections }, async (_, connection) => {
        const waitMs = (load.spreadMs * connection) / load.connections;
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        while (left > 0) {
          left -= 1;
          await take(load, agent, taken);
        }
      }),
    );
    taken.elapsedMs = performance.now() - beganMs;
    agent.destroy();
    return taken;
  },
});
