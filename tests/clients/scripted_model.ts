// A provider that answers each prompt as its test has scripted it, in whichever of the three wire
// formats it is asked. Scripts write the OpenAI-compatible one unless they use `format`.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Secrets } from "./secrets.ts";
import { until } from "./wait.ts";
import { formatOfPath, wireWriter, type End, type Part, type WireFormat, type WireWriter } from "./wire_formats.ts";

export interface Message {
  role: string;
  content: string;
}

/** The functions' request. */
export interface CompletionRequest {
  model: string;
  messages: Message[];
  stream: boolean;
}

/** A picture of one point. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

/** Whether this is the user's last message; earlier unanswered ones are in the same message. */
function isAbout(request: CompletionRequest, prompt: string): boolean {
  const said = request.messages.at(-1)?.content;
  return said === prompt || (said?.endsWith(`\n\n${prompt}`) ?? false);
}

export type Script = (reply: Reply) => void | Promise<void>;

/** One running answer. */
export class Reply {
  readonly request: CompletionRequest;
  readonly authorization: string | undefined;
  readonly format: WireFormat;
  readonly beganMs = performance.now();
  /** When the connection or the answer ended, as of `performance.now()`. */
  closedAtMs: number | undefined;
  readonly #response: ServerResponse;
  readonly #secrets: Secrets;
  readonly #writer: WireWriter;

  constructor(request: CompletionRequest, response: ServerResponse, secrets: Secrets) {
    this.request = request;
    this.authorization = response.req.headers.authorization;
    this.format = formatOfPath(pathOf(response.req));
    this.#writer = wireWriter(this.format, request.model);
    this.#response = response;
    this.#secrets = secrets;
    response.once("close", () => (this.closedAtMs = performance.now()));
  }

  get isClosed(): boolean {
    return this.closedAtMs !== undefined;
  }

  text(content: string): void {
    this.#secrets.add(content);
    this.#chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  }

  /** The whole end of an answer: its reason, its usage, its marker. */
  finish(prompt_tokens = 11, completion_tokens = 7, finish_reason = "stop"): void {
    this.#chunk({ choices: [{ index: 0, delta: {}, finish_reason }] });
    this.#chunk({ choices: [], usage: { prompt_tokens, completion_tokens, total_tokens: 18 } });
    this.end("data: [DONE]\n\n");
  }

  /** Frames in the format of the request. */
  part(part: Part): void {
    if ("text" in part) this.#secrets.add(part.text);
    this.raw(this.#writer.part(part));
  }

  /** The whole end in the format of the request. */
  conclude(end: End): void {
    this.end(this.#writer.end(end));
  }

  /** An error in the middle, in the format of the request. */
  fail(message: string): void {
    this.end(this.#writer.error(message));
  }

  /** Bytes as they are, in an answer that calls itself an event stream. */
  raw(bytes: string): void {
    this.#begin();
    this.#response.write(bytes);
  }

  /** The head alone. */
  flush(): void {
    this.#begin();
    this.#response.flushHeaders();
  }

  end(bytes = ""): void {
    this.#begin();
    this.#response.end(bytes);
  }

  refuse(status: number, body: string, headers: Record<string, string> = {}): void {
    this.#response.writeHead(status, { "content-type": "application/json", ...headers });
    this.#response.end(body);
  }

  /** A whole JSON answer. */
  tellJson(body: object): void {
    this.refuse(200, JSON.stringify(body));
  }

  /** A whole answer of OpenAI's images API. */
  tellPicture(): void {
    this.tellJson({
      created: 1,
      data: [{ b64_json: PNG.toString("base64") }],
      usage: { input_tokens: 9, output_tokens: 272, total_tokens: 281 },
    });
  }

  /** A whole answer of bytes. */
  tellBytes(bytes: Buffer, mediaType: string): void {
    this.#response.writeHead(200, { "content-type": mediaType });
    this.#response.end(bytes);
  }

  /** Breaks the connection. */
  destroy(): void {
    this.#response.destroy();
  }

  #chunk(fields: object): void {
    const chunk = {
      id: "chatcmpl-scripted",
      object: "chat.completion.chunk",
      created: 1_763_700_000,
      model: this.request.model,
      ...fields,
    };
    this.raw(`data: ${JSON.stringify(chunk)}\n\n`);
  }

  #begin(): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, { "content-type": "text/event-stream" });
  }
}

type Texts = string | { text?: string }[];

/** The members whose names differ between the three formats. */
interface AnyRequest extends Omit<CompletionRequest, "messages"> {
  messages?: { role: string; content: Texts }[];
  contents?: { role: string; parts: Texts }[];
  /** The prompt in OpenAI's images API and Hugging Face's. */
  prompt?: string;
  inputs?: string;
}

const pathOf = ({ url = "" }: IncomingMessage): string => new URL(url, "http://model").pathname;

/** Every request in the same form: each message one text. */
function plainRequest(request: AnyRequest, path: string): CompletionRequest {
  const drawn = request.prompt ?? request.inputs;
  if (drawn !== undefined) return { ...request, messages: [{ role: "user", content: drawn }] };
  const format = formatOfPath(path);
  if (format === "openai") return request as CompletionRequest;
  const join = (texts: Texts) =>
    typeof texts === "string" ? texts : texts.map(({ text = "" }) => text).join("");
  if (format === "anthropic") {
    const messages = request.messages!.map(({ role, content }) => ({ role, content: join(content) }));
    return { ...request, messages };
  }
  const messages = request.contents!.map(({ role, parts }) => ({
    role: role === "model" ? "assistant" : role,
    content: join(parts),
  }));
  return { model: /models\/(.*):/.exec(path)?.[1] ?? "", messages, stream: true };
}

export class ScriptedModel {
  readonly #scripts = new Map<string, Script>();
  #otherwise: Script = (reply) => reply.refuse(500, '{"error":{"message":"no test has scripted this prompt"}}');
  readonly #replies: Reply[] = [];
  readonly #secrets: Secrets;
  readonly #server: Server;
  #port = 0;

  private constructor(secrets: Secrets) {
    this.#secrets = secrets;
    this.#server = createServer((request, response) => {
      response.socket?.setNoDelay(true);
      void this.#answer(request, response);
    });
    // Longer than any runtime keeps an idle connection: see scripts/local/database-http.ts.
    this.#server.keepAliveTimeout = 120_000;
  }

  static async start(secrets: Secrets): Promise<ScriptedModel> {
    const model = new ScriptedModel(secrets);
    await model.#listen();
    return model;
  }

  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Says how a prompt, the newest message of a request, is answered. Tests share no prompts. */
  script(prompt: string, script: Script): void {
    this.#secrets.add(prompt);
    this.#scripts.set(prompt, script);
  }

  /** Scripts the answers to all other prompts; without this they are refused. */
  scriptOthers(script: Script): void {
    this.#otherwise = script;
  }

  /** Scripts a whole answer in pieces, `gap_ms` apart. */
  tell(prompt: string, pieces: readonly string[], gap_ms = 0): void {
    this.#secrets.add(pieces.join(""));
    this.script(prompt, async (reply) => {
      for (const [number, piece] of pieces.entries()) {
        if (number > 0 && gap_ms > 0) await delay(gap_ms);
        if (reply.isClosed) return;
        reply.text(piece);
      }
      reply.finish();
    });
  }

  /** The answers to a prompt so far. */
  replies(prompt: string): Reply[] {
    return this.#replies.filter(({ request }) => isAbout(request, prompt));
  }

  /** The first answer to a prompt, once its request has arrived. */
  reply(prompt: string): Promise<Reply> {
    return until("the request to the model", () => this.replies(prompt)[0]);
  }

  /** The answer to the newest request. */
  get newest(): Reply {
    const newest = this.#replies.at(-1);
    if (!newest) throw new Error("the model has not been asked");
    return newest;
  }

  /** The number of requests so far. */
  get count(): number {
    return this.#replies.length;
  }

  /** The model's address is unreachable during `work`. */
  async whileDown(work: () => Promise<void>): Promise<void> {
    await this.stop();
    try {
      await work();
    } finally {
      await this.#listen();
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const request = plainRequest(JSON.parse(Buffer.concat(pieces).toString()), pathOf(incoming));
    const reply = new Reply(request, response, this.#secrets);
    this.#replies.push(reply);
    const script =
      this.#scripts.get(request.messages.at(-1)?.content ?? "") ??
      [...this.#scripts].find(([prompt]) => isAbout(request, prompt))?.[1] ??
      this.#otherwise;
    await script(reply);
  }
}
