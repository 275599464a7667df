// A database that answers at once, in its own process: the three functions of a turn over REST.
import { createServer } from "node:http";
import { answerCommands, listen } from "./peer.ts";

export interface DatabaseSettings {
  historyBytes: number;
}

export interface DatabaseCounts {
  begun: number;
  saves: number;
  finished: number;
  /** Bytes of the replies' text, according to their ends. */
  textBytes: number;
  /** The time that it took itself to begin each turn, in order. */
  beganMs: number[];
}

let begun = "";
const noCounts = (): DatabaseCounts => ({
  begun: 0,
  saves: 0,
  finished: 0,
  textBytes: 0,
  beganMs: [],
});
let counts = noCounts();

/** Printed like Postgres's jsonb: with a space after colons and commas. */
function history(historyBytes: number): string {
  const messages: string[] = [];
  for (let bytes = 0; bytes < historyBytes; bytes += messages.at(-1)!.length + 2) {
    const role = messages.length % 2 === 0 ? "user" : "assistant";
    const content = JSON.stringify(
      'Once upon a time there lived a "fox" who wrote letters to the sea.\n'.repeat(5),
    );
    messages.push(`{"role": "${role}", "content": ${content}}`);
  }
  return `[${messages.join(", ")}]`;
}

interface Part {
  from_offset: number;
  text: string;
}

const endOf = ({ from_offset, text }: Part): number => from_offset + Buffer.byteLength(text);

const functions: Record<string, (request: Part) => string> = {
  begin_turn() {
    counts.begun += 1;
    return begun;
  },
  append_chunk(part) {
    counts.saves += 1;
    return `{"cancel_requested": false, "status": "streaming", "saved_bytes": ${endOf(part)}}`;
  },
  finish_turn(part) {
    counts.finished += 1;
    counts.textBytes += endOf(part);
    return `{"status": "complete", "message_id": "m", "saved_bytes": ${endOf(part)}}`;
  },
};

const server = createServer((request, response) => {
  const askedMs = performance.now();
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.once("end", () => {
    const name = request.url!.slice(request.url!.lastIndexOf("/") + 1);
    const body = JSON.parse(Buffer.concat(pieces).toString()) as { request: Part };
    const answer = functions[name]!(body.request);
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(answer),
    });
    response.end(answer);
    if (name === "begin_turn") counts.beganMs.push(performance.now() - askedMs);
  });
});
server.keepAliveTimeout = 600_000;

answerCommands({
  listen: () => listen(server),
  set: ({ historyBytes }: DatabaseSettings) => {
    begun = `{"user_id": "u", "session_id": "s", "project_id": "p", "user_message_id": "q",
      "message_id": "m", "stream_id": "st", "generation_id": "g", "title": "t", "replayed": false,
      "created_session": true, "base_bytes": 0, "history": ${history(historyBytes)}}`;
    counts = noCounts();
  },
  counts: () => counts,
});
