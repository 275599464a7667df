// A reply in the format of OpenAI's API, whole or in chunks.
// https://platform.openai.com/docs/api-reference/chat/object and chat/streaming
import { randomBytes } from "node:crypto";
import type { GenerationEnd } from "./language_model.ts";

/** The members that every chunk of one reply repeats. */
export interface ReplyIdentity {
  id: string;
  /** Seconds since 1970. */
  created: number;
  model: string;
}

export function newReplyIdentity(model: string): ReplyIdentity {
  const id = `chatcmpl-${randomBytes(18).toString("base64url")}`;
  return { id, created: Math.floor(Date.now() / 1000), model };
}

export function usage(promptTokens: number, end: GenerationEnd): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: end.completionTokens,
    total_tokens: promptTokens + end.completionTokens,
    prompt_tokens_details: { cached_tokens: end.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

export function wholeReply(
  identity: ReplyIdentity,
  text: string,
  end: GenerationEnd,
  promptTokens: number,
): object {
  const message = { role: "assistant", content: text, refusal: null };
  return {
    ...head(identity, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: end.finishReason }],
    usage: usage(promptTokens, end),
  };
}

/**
 * The chunks of one streamed reply, in this order: `first`, any number of `text`, `last`, `counts`.
 */
export class ChunkWriter {
  readonly #head: object;
  // If usage is requested, every chunk except the one with the usage has `usage: null`.
  readonly #tail: object;

  constructor(identity: ReplyIdentity, includeUsage: boolean) {
    this.#head = head(identity, "chat.completion.chunk");
    this.#tail = includeUsage ? { usage: null } : {};
  }

  first(): string {
    return this.#chunk({ role: "assistant", content: "", refusal: null }, null);
  }

  text(content: string): string {
    return this.#chunk({ content }, null);
  }

  last(finishReason: string): string {
    return this.#chunk({}, finishReason);
  }

  counts(counted: object): string {
    return event({ ...this.#head, choices: [], usage: counted });
  }

  #chunk(delta: object, finishReason: string | null): string {
    const choice = { index: 0, delta, logprobs: null, finish_reason: finishReason };
    return event({ ...this.#head, choices: [choice], ...this.#tail });
  }
}

export function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

export const END_OF_STREAM = "data: [DONE]\n\n";

function head({ id, created, model }: ReplyIdentity, object: string): object {
  return { id, object, created, model, service_tier: "default", system_fingerprint: "fp_local" };
}
