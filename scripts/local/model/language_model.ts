// SmolLM2 on llama.cpp: tokens in, text out.
import { availableParallelism } from "node:os";
import {
  getLlama,
  LlamaGrammarEvaluationState,
  LlamaLogLevel,
  type Llama,
  type LlamaContext,
  type LlamaContextSequence,
  type LlamaGrammar,
  type LlamaModel,
  type SequenceEvaluateOptions,
  type Token,
} from "node-llama-cpp";
import { invalid } from "./errors.ts";
import type { Message } from "./messages.ts";
import { promptTokens } from "./prompt.ts";
import type { JsonSchema } from "./response_format.ts";
import { StopScanner } from "./stop_scanner.ts";

export interface Generation {
  prompt: readonly Token[];
  maximumTokens: number;
  temperature: number;
  topP: number;
  seed: number;
  stops: readonly string[];
  grammar?: LlamaGrammar;
  /** Awaited before each step, so that a more urgent generation can run meanwhile. */
  rest?: () => Promise<void>;
}

export interface GenerationEnd {
  finishReason: "stop" | "length";
  completionTokens: number;
  /** How many of the prompt's tokens had been read for an earlier request. */
  cachedTokens: number;
}

export const CONTEXT_TOKENS = 4096;
/**
 * The prompt is read in pieces of this size, about 0.3 s each, so that a client's leaving is
 * noticed.
 */
const PROMPT_PIECE_TOKENS = 64;
/** Without a penalty this model repeats itself (measured); JSON's syntax must repeat. */
const REPEAT_PENALTY = 1.1;
const REPEAT_WINDOW_TOKENS = 64;
/** The library's JSON grammars end with this, to mark a complete value. */
const JSON_END = "\n\n\n\n";
/** A character takes at most 4 bytes, so at most 4 tokens. */
const MAXIMUM_TOKENS_PER_CHARACTER = 4;
const REPLACEMENT_CHARACTER = "\uFFFD";

export class LanguageModel {
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  // Each keeps its last prompt, so that neither is read again after the other was used.
  readonly #replies: LlamaContextSequence;
  readonly #json: LlamaContextSequence;

  private constructor(llama: Llama, model: LlamaModel, context: LlamaContext) {
    this.#llama = llama;
    this.#model = model;
    this.#replies = context.getSequence();
    this.#json = context.getSequence();
  }

  static async load(modelPath: string): Promise<LanguageModel> {
    // One thread per core makes the threads spin for each other: 0.3 tokens/s instead of 100
    // (measured).
    const threads = Math.max(1, availableParallelism() - 1);
    const llama = await getLlama({
      build: "never",
      gpu: false,
      maxThreads: threads,
      logLevel: LlamaLogLevel.error,
      progressLogs: false,
    });
    const model = await llama.loadModel({ modelPath });
    const context = await model.createContext({
      contextSize: CONTEXT_TOKENS,
      sequences: 2,
      threads,
    });
    return new LanguageModel(llama, model, context);
  }

  prompt(messages: readonly Message[]): Token[] {
    return promptTokens(this.#model, messages);
  }

  /** How many tokens a reply to this prompt can have; 0 or less if the prompt is too long. */
  roomAfter(prompt: readonly Token[]): number {
    return CONTEXT_TOKENS - 1 - prompt.length;
  }

  async grammar(schema: JsonSchema): Promise<LlamaGrammar> {
    try {
      return await this.#llama.createGrammarForJsonSchema(schema as { type: "object" });
    } catch (error) {
      const message = `The local model cannot follow this schema: ${(error as Error).message}`;
      throw invalid("response_format.json_schema.schema", message, "invalid_json_schema");
    }
  }

  /**
   * Gives `onText` pieces of text, never half a character. Only one generation with a grammar and one
   * without may run at a time. Throws the signal's reason soon after it aborts. The prompt must
   * leave room in the context.
   */
  async generate(
    generation: Generation,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<GenerationEnd> {
    const { prompt, grammar } = generation;
    const sequence = grammar ? this.#json : this.#replies;
    const cachedTokens = await this.#readPrompt(sequence, generation, signal);
    const maximumTokens = Math.min(generation.maximumTokens, this.roomAfter(prompt));
    const scanner = new StopScanner(grammar ? [...generation.stops, JSON_END] : generation.stops);
    const written: Token[] = [];
    let undecoded: Token[] = [];
    let finishReason: GenerationEnd["finishReason"] = "length";

    const tokens = sequence.evaluate(prompt.slice(-1), this.#sampling(generation, written));
    for await (const token of tokens) {
      signal.throwIfAborted();
      if (this.#endsReply(token)) {
        finishReason = "stop";
        break;
      }
      written.push(token);
      undecoded.push(token);
      const text = this.#model.detokenize(undecoded, false);
      const isWhole = !text.endsWith(REPLACEMENT_CHARACTER);
      if (isWhole || undecoded.length === MAXIMUM_TOKENS_PER_CHARACTER) {
        undecoded = [];
        const shown = scanner.push(text);
        if (shown) onText(shown);
      }
      if (scanner.stopped) {
        finishReason = "stop";
        break;
      }
      if (written.length >= maximumTokens) break;
      await generation.rest?.();
    }
    const rest = scanner.flush();
    if (rest) onText(rest);
    return { finishReason, completionTokens: written.length, cachedTokens };
  }

  // Reads the whole prompt except its last token, reusing the beginning that it shares with the
  // previous one.
  async #readPrompt(
    sequence: LlamaContextSequence,
    { prompt, rest }: Generation,
    signal: AbortSignal,
  ): Promise<number> {
    const tokens = prompt.slice(0, -1);
    await sequence.adaptStateToTokens(tokens, false);
    const cachedTokens = sequence.nextTokenIndex;
    for (let at = cachedTokens; at < tokens.length; at += PROMPT_PIECE_TOKENS) {
      await rest?.();
      signal.throwIfAborted();
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + PROMPT_PIECE_TOKENS));
    }
    signal.throwIfAborted();
    return cachedTokens;
  }

  #sampling(generation: Generation, written: readonly Token[]): SequenceEvaluateOptions {
    const { temperature, topP, seed, grammar } = generation;
    if (grammar) {
      const state = new LlamaGrammarEvaluationState({ model: this.#model, grammar });
      return { temperature, topP, seed, yieldEogToken: true, grammarEvaluationState: state };
    }
    const repeatPenalty = {
      punishTokens: () =>
        written.slice(-REPEAT_WINDOW_TOKENS).filter((token) => token !== this.#model.tokens.nl),
      maxPunishTokens: REPEAT_WINDOW_TOKENS,
      penalty: REPEAT_PENALTY,
    };
    return { temperature, topP, seed, yieldEogToken: true, repeatPenalty };
  }

  // Any mark ends a reply: one that opens a message would begin another speaker's.
  #endsReply(token: Token): boolean {
    return this.#model.isEogToken(token) || this.#model.isSpecialToken(token);
  }
}
