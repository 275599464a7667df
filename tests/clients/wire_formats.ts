// A model's answer as the providers' three wire formats have it.

export type WireFormat = "openai" | "anthropic" | "gemini";

export type Part =
  | { text: string }
  | { reasoning: string }
  /** `pieces` of its arguments' JSON. */
  | { call: { id: string; name: string; pieces: string[] } };

export type Reason = "stop" | "length" | "tool_calls" | "content_filter";

export interface End {
  reason: Reason;
  input: number;
  output: number;
}

/** Writes the frames of one answer. */
export interface WireWriter {
  part(part: Part): string;
  end(end: End): string;
  /** An error in the middle of an answer. */
  error(message: string): string;
}

/** The format of a request, by its path. */
export function formatOfPath(path: string): WireFormat {
  if (path.endsWith("/messages")) return "anthropic";
  return /:(streamG|g)enerateContent/.test(path) ? "gemini" : "openai";
}

export function wireWriter(format: WireFormat, model: string): WireWriter {
  if (format === "anthropic") return new AnthropicWriter(model);
  return format === "gemini" ? new GeminiWriter(model) : new OpenAiWriter(model);
}

class OpenAiWriter implements WireWriter {
  readonly #model: string;
  #calls = 0;

  constructor(model: string) {
    this.#model = model;
  }

  part(part: Part): string {
    if ("text" in part) return this.#delta({ content: part.text });
    if ("reasoning" in part) return this.#delta({ reasoning_content: part.reasoning });
    const { id, name, pieces } = part.call;
    const index = this.#calls++;
    const call = { index, id, type: "function", function: { name, arguments: "" } };
    const frames = pieces.map((piece) =>
      this.#delta({ tool_calls: [{ index, function: { arguments: piece } }] }),
    );
    return this.#delta({ tool_calls: [call] }) + frames.join("");
  }

  end({ reason, input, output }: End): string {
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    const ending = this.#chunk({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
    return `${ending}${this.#chunk({ choices: [], usage })}data: [DONE]\n\n`;
  }

  error(message: string): string {
    return `data: ${JSON.stringify({ error: { message, type: "server_error", code: null } })}\n\n`;
  }

  #delta(delta: object): string {
    return this.#chunk({ choices: [{ index: 0, delta, finish_reason: null }] });
  }

  #chunk(fields: object): string {
    const common = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_763_700_000 };
    return `data: ${JSON.stringify({ ...common, model: this.#model, ...fields })}\n\n`;
  }
}

const ANTHROPIC_REASONS = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
} as const;

class AnthropicWriter implements WireWriter {
  readonly #model: string;
  #blocks = 0;
  #hasBegun = false;

  constructor(model: string) {
    this.#model = model;
  }

  part(part: Part): string {
    if ("text" in part) {
      const delta = { type: "text_delta", text: part.text };
      return this.#block({ type: "text", text: "" }, [delta]);
    }
    if ("reasoning" in part) {
      const delta = { type: "thinking_delta", thinking: part.reasoning };
      const signature = { type: "signature_delta", signature: "c2ln" };
      return this.#block({ type: "thinking", thinking: "", signature: "" }, [delta, signature]);
    }
    const { id, name, pieces } = part.call;
    const deltas = ["", ...pieces].map((partial_json) => ({ type: "input_json_delta", partial_json }));
    return this.#block({ type: "tool_use", id, name, input: {} }, deltas);
  }

  end({ reason, input, output }: End): string {
    const delta = { stop_reason: ANTHROPIC_REASONS[reason], stop_sequence: null };
    const usage = { input_tokens: input, output_tokens: output };
    const ending = this.#event("message_delta", { delta, usage });
    return this.#beginning() + ending + this.#event("message_stop", {});
  }

  error(message: string): string {
    return this.#beginning() + this.#event("error", { error: { type: "overloaded_error", message } });
  }

  #block(content_block: object, deltas: object[]): string {
    const index = this.#blocks++;
    const frames = deltas.map((delta) => this.#event("content_block_delta", { index, delta }));
    const start = this.#event("content_block_start", { index, content_block });
    return this.#beginning() + start + frames.join("") + this.#event("content_block_stop", { index });
  }

  #beginning(): string {
    if (this.#hasBegun) return "";
    this.#hasBegun = true;
    const message = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: this.#model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    return this.#event("message_start", { message }) + this.#event("ping", {});
  }

  #event(type: string, fields: object): string {
    return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  }
}

const GEMINI_REASONS = {
  stop: "STOP",
  length: "MAX_TOKENS",
  tool_calls: "STOP",
  content_filter: "SAFETY",
} as const;

class GeminiWriter implements WireWriter {
  readonly #modelVersion: string;

  constructor(model: string) {
    this.#modelVersion = model;
  }

  part(part: Part): string {
    if ("text" in part) return this.#parts([{ text: part.text }]);
    if ("reasoning" in part) return this.#parts([{ text: part.reasoning, thought: true }]);
    const { id, name, pieces } = part.call;
    return this.#parts([{ functionCall: { id, name, args: JSON.parse(pieces.join("")) } }]);
  }

  end({ reason, input, output }: End): string {
    const usageMetadata = {
      promptTokenCount: input,
      candidatesTokenCount: output,
      totalTokenCount: input + output,
    };
    return this.#response({
      candidates: [{ finishReason: GEMINI_REASONS[reason], index: 0 }],
      usageMetadata,
    });
  }

  error(message: string): string {
    return this.#response({ error: { code: 503, message, status: "UNAVAILABLE" } });
  }

  #parts(parts: object[]): string {
    return this.#response({ candidates: [{ content: { parts, role: "model" }, index: 0 }] });
  }

  #response(fields: object): string {
    const response = { ...fields, modelVersion: this.#modelVersion, responseId: "r1" };
    return `data: ${JSON.stringify(response)}\r\n\r\n`;
  }
}
