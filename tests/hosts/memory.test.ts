// The memory of a stream of the chat function, which never shrinks: its module runs in this
// process's own engine, with the test's database and model.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { handleRequest } from "../../wasm/host/handle-request.ts";
import { root } from "./both-hosts.ts";

const kilobyte = 1024;
const mostMemoryBytes = 384 * kilobyte;
const historyBytes = 60_000;

const module = new WebAssembly.Module(readFileSync(`${root}/build/wasi/functions/chat.wasm`));
const stackBytes = Number(
  /FABULA_STACK_BYTES (\d+)/.exec(readFileSync(`${root}/cmake/WasiFunction.cmake`, "utf8"))![1],
);

const settings: Record<string, string> = {
  SUPABASE_URL: "http://database.test",
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_test"}',
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_test"}',
  FABULA_ENV: "development",
  LOCAL_BASE_URL: "http://model.test/v1",
  ANTHROPIC_API_KEY: "sk-test",
  GEMINI_API_KEY: "sk-test",
};

/** A history as Postgres prints jsonb: with a space after colons and commas. */
function history(): string {
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

const begun = `{"user_id": "u", "session_id": "s", "project_id": "p", "user_message_id": "q",
  "message_id": "m", "stream_id": "st", "generation_id": "g", "title": "t", "replayed": false,
  "created_session": true, "base_bytes": 0, "history": ${history()}}`;

/** The text in pieces, as from a network. */
function body(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (sent === bytes.length) return controller.close();
      controller.enqueue(bytes.slice(sent, sent + 4000));
      sent = Math.min(sent + 4000, bytes.length);
    },
  });
}

interface Peers {
  model: (call: number) => Response;
}

const asStream = { headers: { "content-type": "text/event-stream" } };

function completion(): Response {
  const chunks = Array.from({ length: 1000 }, (_, number) => ({
    choices: [{ index: 0, delta: { content: ` word${number}` } }],
  }));
  const events = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
  return new Response(body(`${events}data: [DONE]\n\n`), asStream);
}

interface Used {
  status: number;
  text: string;
  memoryBytes: number;
  stackBytes: number;
}

/** The request that saves a reply. */
interface Part {
  status: string;
  from_offset: number;
  text: string;
}

async function talk(route: string, request: string, { model }: Peers): Promise<Used> {
  const { fetch: realFetch } = globalThis;
  const RealInstance = WebAssembly.Instance;
  let memory: WebAssembly.Memory | undefined;
  let modelCalls = 0;
  const done: Promise<void>[] = [];
  const answers: Record<string, (said: Part) => string> = {
    begin_turn: () => begun,
    append_chunk: () => '{"cancel_requested": false, "status": "streaming", "saved_bytes": 0}',
    finish_turn: ({ status, from_offset, text }) =>
      JSON.stringify({ status, message_id: "m", saved_bytes: from_offset + Buffer.byteLength(text) }),
  };
  try {
    WebAssembly.Instance = class extends RealInstance {
      constructor(...parameters: ConstructorParameters<typeof RealInstance>) {
        super(...parameters);
        memory = this.exports["memory"] as WebAssembly.Memory;
      }
    };
    globalThis.fetch = async (input) => {
      const request = input as Request;
      const { url } = request;
      const isDatabase = url.startsWith(settings["SUPABASE_URL"]!);
      if (!isDatabase) return model(++modelCalls);
      const { request: said } = (await request.json()) as { request: Part };
      return new Response(body(answers[url.slice(url.lastIndexOf("/") + 1)]!(said)));
    };
    const response = await handleRequest(
      module,
      new Request("http://edge.test/functions/v1/chat", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: request,
      }),
      {
        environment: (name) => (name === "MODEL_CHAT" ? route : settings[name]),
        waitUntil: (promise) => void done.push(promise),
        traits: 0,
        log: () => {},
      },
    );
    const text = await response.text();
    await Promise.all(done);
    const bytes = new Uint8Array(memory!.buffer);
    // The stack grows down from `stackBytes`, and nothing else is below.
    const unused = bytes.subarray(0, stackBytes).findIndex((byte) => byte !== 0);
    return {
      status: response.status,
      text,
      memoryBytes: bytes.length,
      stackBytes: stackBytes - unused,
    };
  } finally {
    globalThis.fetch = realFetch;
    WebAssembly.Instance = RealInstance;
  }
}

const say = JSON.stringify({ text: "And then? ".repeat(20) });

for (const route of ["local:scripted", "anthropic:claude", "gemini:gemini-pro"]) {
  test(`a stream of ${route} with 60 KB of history: at most 384 KB`, async (context) => {
    const refused = () => new Response('{"error":{"message":"no"}}', { status: 401 });
    const fallback = route === "local:scripted" ? route : `${route},local:scripted`;
    const used = await talk(fallback, say, {
      model: (call) => (call === 1 && fallback !== route ? refused() : completion()),
    });
    assert.match(used.text, /word999/);
    assert.match(used.text, /"done"/);
    context.diagnostic(`${used.memoryBytes / kilobyte} KB, ${used.stackBytes} bytes of stack`);
    assert.ok(used.memoryBytes <= mostMemoryBytes, `${used.memoryBytes} bytes`);
    assert.ok(used.stackBytes <= stackBytes / 2, `${used.stackBytes} bytes of stack`);
  });
}

test("the deepest JSON that is read takes no more than half of the stack", async (context) => {
  const deepest = `${"[".repeat(62)}1.5e-7${"]".repeat(62)}`;
  const request = `{"text":"Hello.","unknown":${deepest}}`;
  const used = await talk("local:scripted", request, {
    model: () => new Response(`{"error":{"message":"no","unknown":${deepest}}}`, { status: 400 }),
  });
  assert.equal(used.status, 200);
  assert.match(used.text, /provider_refused_request/);
  context.diagnostic(`${used.stackBytes} bytes of stack`);
  assert.ok(used.stackBytes <= stackBytes / 2, `${used.stackBytes} bytes of stack`);
});
