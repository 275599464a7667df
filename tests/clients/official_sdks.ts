// The providers' own SDKs and our functions read the same answers of the same upstream: the same text,
// usage and reason. Parts that chat does not pass on (reasoning, tool calls) are compared with
// fabula-decode's output for the same bytes.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { decode, run as decoder, type Call } from "../commands/fabula_decode.ts";
import { talk } from "./chat.ts";
import type { Script } from "./scripted_model.ts";
import { onEachRuntime, PROVIDER_KEY, type Stack } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import type { Part, Reason, WireFormat } from "./wire_formats.ts";

const MODEL = "scripted-model";

/** The SDK's result; the reason in its own terms. */
interface Read {
  text: string;
  reasoning: string;
  calls: Call[];
  reason: string | null;
  usage: { input_tokens: number; output_tokens: number } | null;
  /** It has thrown. */
  hasFailed: boolean;
}

/** The answer as the SDK reads it, and the bytes that it has read. */
type Reader = (origin: string, prompt: string, record: typeof fetch) => Promise<Read>;

const newRead = (): Read => ({
  text: "",
  reasoning: "",
  calls: [],
  reason: null,
  usage: null,
  hasFailed: false,
});

async function orFailed(read: Read, work: () => Promise<void>): Promise<Read> {
  await work().catch((error: Error) => {
    // The SDK's own errors, and those of its JSON; a mistake of ours is none.
    if (error instanceof TypeError || error instanceof ReferenceError) throw error;
    read.hasFailed = true;
  });
  return read;
}

const withOpenAi: Reader = (origin, prompt, record) => {
  const client = new OpenAI({ apiKey: PROVIDER_KEY, baseURL: `${origin}/v1`, fetch: record, maxRetries: 0 });
  const read = newRead();
  return orFailed(read, async () => {
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: "user", content: prompt }],
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const { choices, usage } of stream) {
      if (usage) read.usage = { input_tokens: usage.prompt_tokens, output_tokens: usage.completion_tokens };
      const [choice] = choices;
      if (!choice) continue;
      read.text += choice.delta.content ?? "";
      read.reasoning += (choice.delta as { reasoning_content?: string }).reasoning_content ?? "";
      read.reason = choice.finish_reason ?? read.reason;
      for (const { index, id, function: called } of choice.delta.tool_calls ?? []) {
        const call = (read.calls[index] ??= { id: id ?? "", name: called?.name ?? "", arguments: "" });
        call.arguments += called?.arguments ?? "";
      }
    }
  });
};

const withAnthropic: Reader = (origin, prompt, record) => {
  const client = new Anthropic({ apiKey: PROVIDER_KEY, baseURL: origin, fetch: record, maxRetries: 0 });
  const read = newRead();
  return orFailed(read, async () => {
    const stream = await client.messages.create({
      model: MODEL,
      max_tokens: 1000,
      messages: [{ role: "user", content: prompt }],
      stream: true,
    });
    for await (const event of stream) {
      if (event.type === "content_block_start" && event.content_block.type === "tool_use") {
        const { id, name } = event.content_block;
        read.calls.push({ id, name, arguments: "" });
      } else if (event.type === "content_block_delta") {
        const { delta } = event;
        if (delta.type === "text_delta") read.text += delta.text;
        if (delta.type === "thinking_delta") read.reasoning += delta.thinking;
        if (delta.type === "input_json_delta") read.calls.at(-1)!.arguments += delta.partial_json;
      } else if (event.type === "message_delta") {
        const { input_tokens, output_tokens } = event.usage;
        read.reason = event.delta.stop_reason;
        read.usage = { input_tokens: input_tokens ?? 0, output_tokens };
      }
    }
  });
};

const withGoogle: Reader = async (origin, prompt, record) => {
  const read = newRead();
  // This SDK has no setting for it.
  const original = globalThis.fetch;
  globalThis.fetch = record;
  const client = new GoogleGenAI({ apiKey: PROVIDER_KEY, httpOptions: { baseUrl: origin } });
  return orFailed(read, async () => {
    const stream = await client.models.generateContentStream({ model: MODEL, contents: prompt });
    for await (const { candidates, usageMetadata } of stream) {
      const [candidate] = candidates ?? [];
      read.reason = candidate?.finishReason ?? read.reason;
      if (usageMetadata) {
        const { promptTokenCount = 0, candidatesTokenCount = 0 } = usageMetadata;
        read.usage = { input_tokens: promptTokenCount, output_tokens: candidatesTokenCount };
      }
      for (const { text = "", thought, functionCall } of candidate?.content?.parts ?? []) {
        if (thought) read.reasoning += text;
        else read.text += text;
        if (!functionCall) continue;
        const { id = "", name = "", args } = functionCall;
        read.calls.push({ id, name, arguments: JSON.stringify(args) });
      }
    }
  }).finally(() => (globalThis.fetch = original));
};

/** Keeps the body of a response, and passes it on unchanged. */
function recorder(): { record: typeof fetch; body: () => Promise<string> } {
  let body: Promise<string> = Promise.resolve("");
  const real = globalThis.fetch;
  const record: typeof fetch = async (input, init) => {
    const response = await real(input, init);
    const copy = response.clone();
    body = copy.text();
    return response;
  };
  return { record, body: () => body };
}

interface Story {
  title: string;
  parts: Part[];
  /** Without one it breaks off. */
  reason?: Reason;
  error?: string;
}

const LINES = ["Once upon a time, ", "der Fuchs 🦊 ", 'said "Guten Tag"\n', "and 走了."];
const call = (id: string, name: string, ...pieces: string[]): Part => ({ call: { id, name, pieces } });

const STORIES: Story[] = [
  { title: "a text", parts: LINES.map((text) => ({ text })), reason: "stop" },
  { title: "a text that is too long", parts: LINES.map((text) => ({ text })), reason: "length" },
  {
    title: "thoughts before the text",
    parts: [{ reasoning: "A fox, " }, { reasoning: "then." }, ...LINES.map((text) => ({ text }))],
    reason: "stop",
  },
  {
    title: "calls of tools after a text",
    parts: [
      { text: "Let me look." },
      call("call_1", "look", '{"at":"the ', 'sea 🌊"', "}"),
      call("call_2", "count", '{"up":3,', '"by":[1,2]}'),
    ],
    reason: "tool_calls",
  },
  { title: "a text that is stopped by a filter", parts: [{ text: "The recipe" }], reason: "content_filter" },
  { title: "nothing but a refusal", parts: [], reason: "content_filter" },
  { title: "an error after text", parts: LINES.map((text) => ({ text })), error: "The engine is overloaded." },
  { title: "an end without a reason", parts: LINES.map((text) => ({ text })) },
];

const scriptOf =
  ({ parts, reason, error }: Story): Script =>
  async (reply) => {
    for (const part of parts) {
      reply.part(part);
      // The pause makes them arrive in separate reads.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (reason) reply.conclude({ reason, input: 41, output: 17 });
    else if (error) reply.fail(error);
    else reply.end();
  };

/** Our words for each SDK's. */
const REASONS: Record<string, string> = {
  end_turn: "stop",
  STOP: "stop",
  max_tokens: "length",
  MAX_TOKENS: "length",
  tool_use: "tool_calls",
  SAFETY: "content_filter",
};

interface Sdk {
  provider: string;
  format: WireFormat;
  read: Reader;
  settings: (origin: string) => Record<string, string>;
}

export const SDKS: Record<WireFormat, Sdk> = {
  openai: {
    provider: "openai",
    format: "openai",
    read: withOpenAi,
    settings: (origin) => ({ OPENAI_BASE_URL: `${origin}/v1`, OPENAI_API_KEY: PROVIDER_KEY }),
  },
  anthropic: {
    provider: "anthropic",
    format: "anthropic",
    read: withAnthropic,
    settings: (origin) => ({ ANTHROPIC_BASE_URL: `${origin}/v1`, ANTHROPIC_API_KEY: PROVIDER_KEY }),
  },
  gemini: {
    provider: "gemini",
    format: "gemini",
    read: withGoogle,
    settings: (origin) => ({ GEMINI_BASE_URL: `${origin}/v1beta`, GEMINI_API_KEY: PROVIDER_KEY }),
  },
};

export function compareWith({ provider, format, read, settings }: Sdk): void {
  onEachRuntime(
    `${provider}'s own SDK and ours`,
    (stack) => {
      let ana: Person;
      before(async () => {
        // It is built first if its sources have changed, and idle connections are closed meanwhile.
        decoder(["--help"]);
        ana = await signUp(stack());
      });

      for (const story of STORIES) {
        test(`read the same: ${story.title}`, async () => {
          const { model } = stack().backend;
          const prompt = `Tell me ${story.title} (${provider}, ${stack().runtime})`;
          model.script(prompt, scriptOf(story));
          const { record, body } = recorder();
          const theirs = await read(model.origin, prompt, record);
          const reason = theirs.reason && (REASONS[theirs.reason] ?? theirs.reason);

          const { end } = decode(format, await body(), 11);
          assert.equal(end.text, theirs.text);
          assert.equal(end.reasoning, theirs.reasoning);
          assert.deepEqual(end.tool_calls, theirs.calls);
          assert.equal(end.finish_reason, reason);
          // Without an end there is only the data from the beginning; not every SDK reports that.
          if (story.reason) assert.deepEqual(end.usage, theirs.usage);
          assert.equal(end.complete, story.reason !== undefined);
          assert.equal(theirs.hasFailed, story.error !== undefined);
          assert.equal(theirs.text, story.parts.flatMap((part) => ("text" in part ? [part.text] : [])).join(""));

          await assertChatReads(stack(), ana, prompt, theirs, reason, story);
          const [first, second] = model.replies(prompt);
          assert.deepEqual([first?.format, second?.format], [format, format]);
        });
      }
    },
    { settings: (_, origin) => ({ MODEL_CHAT: `${provider}:${MODEL}`, ...settings(origin) }) },
  );
}

async function assertChatReads(
  stack: Stack,
  { token }: Person,
  prompt: string,
  theirs: Read,
  reason: string | null,
  story: Story,
): Promise<void> {
  const { events, streamId, sessionId } = await talk(stack, { text: prompt }, { token });
  assert.equal(events.text, theirs.text);
  const [generation] = await stack.backend.rows("generations", { stream_id: streamId });
  const isComplete = story.reason !== undefined;
  if (story.parts.length === 0) {
    assert.deepEqual(events.ending, ["error"], events.raw);
    assert.equal(events.error["code"], "provider_refused_request");
    assert.equal(generation!["status"], "failed");
  } else if (!isComplete) {
    assert.deepEqual(events.ending, ["metadata", "error"], events.raw);
    assert.equal(events.error["code"], story.error ? "provider_error" : "provider_incomplete");
    assert.equal(generation!["status"], "failed");
  } else {
    assert.deepEqual(events.ending, ["metadata", "done"], events.raw);
    const { input_tokens, output_tokens } = theirs.usage!;
    assert.deepEqual(events.metadata["tokens"], { in: input_tokens, out: output_tokens });
    assert.equal(generation!["finish_reason"], reason);
  }
  const [, reply] = await stack.backend.messages(sessionId);
  assert.equal(reply?.["content"] ?? "", theirs.text);
}
