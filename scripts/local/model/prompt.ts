// SmolLM2's chat template (ChatML), from the model file's own `tokenizer.chat_template`.
import type { LlamaModel, Token } from "node-llama-cpp";
import type { Message } from "./messages.ts";

/** The template's text for a conversation without a system message at the beginning. */
const DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

/**
 * The conversation and the opening of the assistant's reply. Marks such as `<|im_end|>` within a
 * message are tokenized as plain text, so nobody can end a message or begin another from inside.
 */
export function promptTokens(model: LlamaModel, messages: readonly Message[]): Token[] {
  const mark = (name: string): Token[] => model.tokenize(name, true);
  const text = (value: string): Token[] => model.tokenize(value, false);
  const opening: Message[] =
    messages[0]?.role === "system" ? [] : [{ role: "system", content: DEFAULT_SYSTEM }];
  const tokens = [...opening, ...messages].flatMap(({ role, content }) => [
    ...mark("<|im_start|>"),
    ...text(`${role}\n${content}`),
    ...mark("<|im_end|>"),
    ...text("\n"),
  ]);
  return [...tokens, ...mark("<|im_start|>"), ...text("assistant\n")];
}
