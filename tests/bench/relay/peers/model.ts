// A model that streams a recorded answer of OpenAI's, one chunk per token, in its own process.
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { answerCommands, listen } from "./peer.ts";

export interface ModelSettings {
  tokens: number;
  /** For each stream; 0: as fast as the reader. */
  tokensASecond: number;
  /** Until its first token. */
  thinksMs?: number;
}

export interface ModelCounts {
  requests: number;
  bytesAnAnswer: number;
  /** Bytes of the reply's text in an answer. */
  textBytes: number;
  /** From each request to the first token, in order. */
  firstTokenMs: number[];
}

const recording = readFileSync(process.argv[2]!, "utf8").trimEnd().split("\n");
const frame = (json: string): Buffer => Buffer.from(`data: ${json}\n\n`);
const contentOf = (json: string): string =>
  (JSON.parse(json) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? "";

const spoken = recording.filter((json) => contentOf(json) !== "");
const opening = frame(recording[0]!);
const tokens = spoken.map(frame);
const textBytes = spoken.map((json) => Buffer.byteLength(contentOf(json)));
const closing = [
  ...recording.slice(recording.indexOf(spoken.at(-1)!) + 1).map(frame),
  Buffer.from("data: [DONE]\n\n"),
];

let settings: ModelSettings = { tokens: 0, tokensASecond: 0 };
let requests = 0;
let firstTokenMs: number[] = [];

interface PacedStream {
  response: ServerResponse;
  sent: number;
  dueMs: number;
}
const paced = new Set<PacedStream>();

const meanGapMs = (): number => 1000 / settings.tokensASecond;

function begin(response: ServerResponse): void {
  response.write(tokens[0]!);
  paced.add({ response, sent: 1, dueMs: performance.now() + (0.5 + Math.random()) * meanGapMs() });
}

function end(response: ServerResponse): void {
  for (const bytes of closing) response.write(bytes);
  response.end();
}

// Models are not regular: a gap is half to one and a half times the mean. Each token is its own
// write.
setInterval(() => {
  const nowMs = performance.now();
  for (const stream of paced) {
    while (stream.dueMs <= nowMs && stream.sent < settings.tokens) {
      stream.response.write(tokens[stream.sent % tokens.length]!);
      stream.sent += 1;
      stream.dueMs += (0.5 + Math.random()) * meanGapMs();
    }
    if (stream.sent < settings.tokens && !stream.response.destroyed) continue;
    paced.delete(stream);
    end(stream.response);
  }
}, 1);

function pour(response: ServerResponse, sent: number): void {
  for (let index = sent; index < settings.tokens; ) {
    const hasRoom = response.write(tokens[index % tokens.length]!);
    index += 1;
    if (hasRoom) continue;
    response.once("drain", () => pour(response, index));
    return;
  }
  end(response);
}

function answer(response: ServerResponse): void {
  response.cork();
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(opening);
  if (settings.tokensASecond === 0) pour(response, 0);
  else begin(response);
  response.uncork();
}

const server = createServer((request, response) => {
  const askedMs = performance.now();
  requests += 1;
  response.socket?.setNoDelay(true);
  request.resume().once("end", async () => {
    if (settings.thinksMs) await delay(settings.thinksMs);
    firstTokenMs.push(performance.now() - askedMs);
    answer(response);
  });
});

server.keepAliveTimeout = 600_000;

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);
const ofAnswer = (sizes: number[]): number =>
  sum(Array.from({ length: settings.tokens }, (_, index) => sizes[index % sizes.length]!));

answerCommands({
  listen: () => listen(server),
  set: (given: ModelSettings) => {
    settings = given;
    requests = 0;
    firstTokenMs = [];
  },
  counts: (): ModelCounts => ({
    requests,
    bytesAnAnswer:
      opening.length + ofAnswer(tokens.map(({ length }) => length)) + sum(closing.map((b) => b.length)),
    textBytes: ofAnswer(textBytes),
    firstTokenMs,
  }),
});
