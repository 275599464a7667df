// `POST /v1/chat/completions`: from the checked request to the answer on the wire.
import { randomInt } from "node:crypto";
import type { ServerResponse } from "node:http";
import {
  ChunkWriter,
  END_OF_STREAM,
  event,
  newReplyIdentity,
  usage,
  wholeReply,
} from "./answer.ts";
import { ApiError, errorBody } from "./errors.ts";
import {
  CONTEXT_TOKENS,
  type Generation,
  type GenerationEnd,
  type LanguageModel,
} from "./language_model.ts";
import { readCompletionRequest, type CompletionRequest } from "./request.ts";
import { WaitingLine } from "./waiting_line.ts";

export const MODEL_ID = "smollm2-135m-instruct";

/** A reply takes some seconds, so a client behind more requests than this has given up. */
const MAXIMUM_WAITING = 16;

/** The client has closed the connection, so there is nobody to answer. */
class ClientLeft extends Error {}

export class Completions {
  readonly #model: LanguageModel;
  readonly #replies = new WaitingLine(MAXIMUM_WAITING);
  readonly #json = new WaitingLine(MAXIMUM_WAITING);

  constructor(model: LanguageModel) {
    this.#model = model;
  }

  /**
   * Throws `ApiError` while a status can still be sent; after that, errors are events in the
   * stream.
   */
  async answer(body: unknown, response: ServerResponse): Promise<void> {
    const request = readCompletionRequest(body, MODEL_ID);
    const leaving = new AbortController();
    response.once("close", () => leaving.abort(new ClientLeft()));
    const generation = await this.#generation(request);
    const startedAt = performance.now();
    let outcome = "refused";
    try {
      const line = generation.grammar ? this.#json : this.#replies;
      const endTurn = await line.enter(leaving.signal);
      try {
        const send = request.stream ? this.#stream : this.#whole;
        const end = await send.call(this, request, generation, response, leaving.signal);
        outcome = `${end.finishReason}, ${end.completionTokens} tokens`;
      } finally {
        endTurn();
      }
    } catch (error) {
      outcome = error instanceof ClientLeft ? "client left" : (error as Error).message;
      if (!(error instanceof ClientLeft)) throw error;
    } finally {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.error(
        `completion: prompt ${generation.prompt.length} tokens; ${outcome}; ${seconds} s`,
      );
    }
  }

  async #generation(request: CompletionRequest): Promise<Generation> {
    const prompt = this.#model.prompt(request.messages);
    if (this.#model.roomAfter(prompt) < 1) {
      const message =
        `This model's maximum context length is ${CONTEXT_TOKENS} tokens. However, your messages ` +
        `resulted in ${prompt.length} tokens. Please reduce the length of the messages.`;
      const code = "context_length_exceeded";
      throw new ApiError({ status: 400, code, message, parameter: "messages" });
    }
    const { maximumTokens, temperature, topP, stops, schema } = request;
    const seed = request.seed ?? randomInt(2 ** 32);
    const generation = { prompt, maximumTokens, temperature, topP, stops, seed: seed >>> 0 };
    if (!schema) return generation;
    const grammar = await this.#model.grammar(schema);
    return { ...generation, grammar, rest: () => this.#replies.idle() };
  }

  async #whole(
    _request: CompletionRequest,
    generation: Generation,
    response: ServerResponse,
    leaving: AbortSignal,
  ): Promise<GenerationEnd> {
    let text = "";
    const end = await this.#model.generate(generation, leaving, (piece) => (text += piece));
    const reply = wholeReply(newReplyIdentity(MODEL_ID), text, end, generation.prompt.length);
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(reply));
    return end;
  }

  // Back-pressure is not awaited: a reply is at most a few hundred KB, and a client that reads
  // slowly must not block the model.
  async #stream(
    request: CompletionRequest,
    generation: Generation,
    response: ServerResponse,
    leaving: AbortSignal,
  ): Promise<GenerationEnd> {
    const chunks = new ChunkWriter(newReplyIdentity(MODEL_ID), request.includeUsage);
    response.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-cache",
    });
    response.write(chunks.first());
    try {
      const end = await this.#model.generate(generation, leaving, (piece) => {
        response.write(chunks.text(piece));
      });
      response.write(chunks.last(end.finishReason));
      if (request.includeUsage) response.write(chunks.counts(usage(generation.prompt.length, end)));
      response.end(END_OF_STREAM);
      return end;
    } catch (error) {
      if (!(error instanceof ClientLeft)) {
        const message = "The local model failed while it wrote: see its log.";
        response.end(event(errorBody({ status: 500, code: "model_failed", message })));
      }
      throw error;
    }
  }
}
