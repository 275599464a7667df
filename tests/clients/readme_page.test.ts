// README.md's code for a builder's own page, unchanged except for URLs and keys: reading events with fetch,
// supabase-js, and the transport for the AI SDK, which is compiled strictly against the package.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { AbstractChat, type ChatState, type ChatTransport, type UIMessage } from "ai";
import { build } from "esbuild";
import WebSocket from "ws";
import { root } from "./backend.ts";
import { onEachRuntime } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

type Transport = (chat: string, headers?: Record<string, string>, known?: object) => ChatTransport<UIMessage>;

const folder = join(root, "build/tests/readme_page");

/** The same as `useChat`, without a framework. */
class Chat extends AbstractChat<UIMessage> {
  constructor(transport: ChatTransport<UIMessage>, messages: UIMessage[] = []) {
    const state: ChatState<UIMessage> = {
      status: "ready",
      error: undefined,
      messages,
      pushMessage: (message) => void (state.messages = [...state.messages, message]),
      popMessage: () => void (state.messages = state.messages.slice(0, -1)),
      replaceMessage: (index, message) => void (state.messages = state.messages.with(index, message)),
      snapshot: (thing) => structuredClone(thing),
    };
    super({ transport, state });
  }

  get texts(): string[] {
    return this.messages.map(({ role, parts }) => {
      return `${role}: ${parts.map((part) => (part.type === "text" ? part.text : "")).join("")}`;
    });
  }
}

onEachRuntime("README's code for a page", (stack) => {
  const model = () => stack().backend.model;
  const chatUrl = () => `${stack().url}/functions/v1/chat`;
  const prompt = (words: string) => `${words} (${stack().runtime})`;
  let fabulaTransport: Transport;

  before(async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const section = /### From your own page[^]*?\n## /.exec(readme)?.[0] ?? "";
    const [events, supabase, transport] = [...section.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);
    assert.ok(events && supabase && transport);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const program = supabase
      .replace("http://127.0.0.1:54321", stack().url)
      .replace("mara@example.com", `${randomUUID()}@example.com`)
      .replace("PUBLISHABLE_KEY", JSON.stringify(stack().backend.keys.publishableKey));
    const sources = { "events.ts": events, "transport.ts": transport, "supabase.ts": `${program}\nexport {};\n` };
    for (const [name, code] of Object.entries(sources)) await writeFile(join(folder, name), code);
    const options = {
      ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noEmit: true },
      ...{ noPropertyAccessFromIndexSignature: true, noUnusedLocals: true, noUnusedParameters: true },
      ...{ target: "ES2022", module: "ESNext", moduleResolution: "bundler", types: [], skipLibCheck: true },
      lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    };
    const settings = { compilerOptions: options, files: Object.keys(sources) };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const compiler = join(root, "node_modules/.bin/tsc");
    await promisify(execFile)(compiler, ["-p", folder]).catch(({ stdout }) => assert.fail(String(stdout)));
    await build({
      entryPoints: Object.keys(sources).map((name) => join(folder, name)),
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      packages: "external",
      format: "esm",
      target: "es2022",
    });
    ({ fabulaTransport } = await import(pathToFileURL(join(folder, "transport.mjs")).href));
  });

  test("fetch and supabase-js: somebody signs up, chats, and reads their own messages", async (context) => {
    // Node 20 has none.
    const globals = globalThis as { WebSocket?: unknown };
    globals.WebSocket ??= WebSocket;
    model().tell("Once upon a time", ["there was ", "a fox."]);
    const said: unknown[] = [];
    context.mock.method(console, "log", (words: unknown) => void said.push(words));
    context.mock.method(console, "warn", () => {}); // supabase-js is deprecated on Node 20.
    await import(pathToFileURL(join(folder, "supabase.mjs")).href);
    const messages = said.pop();
    assert.equal(said.join(""), "there was a fox.");
    assert.deepEqual(messages, [
      { role: "user", content: "Once upon a time" },
      { role: "assistant", content: "there was a fox." },
    ]);
  });

  test("the transport: a conversation, another take, a failure that is tried again", async () => {
    const chat = new Chat(fabulaTransport(chatUrl()));
    const [first, second] = [prompt("Begin."), prompt("Go on.")];
    model().tell(first, ["A door ", "opened."]);
    await chat.sendMessage({ text: first });
    assert.deepEqual([chat.status, chat.error], ["ready", undefined]);
    assert.deepEqual(chat.texts, [`user: ${first}`, "assistant: A door opened."]);

    model().script(second, (reply) => reply.refuse(400, '{"error":{"message":"no"}}'));
    await chat.sendMessage({ text: second });
    assert.equal(chat.status, "error");
    assert.match(chat.error?.message ?? "", /\w/);
    model().tell(second, ["It closed."]);
    await chat.regenerate();
    assert.deepEqual([chat.status, chat.texts.at(-1)], ["ready", "assistant: It closed."]);
    model().tell(second, ["It stayed."]);
    await chat.regenerate();
    assert.deepEqual(chat.texts.slice(2), [`user: ${second}`, "assistant: It stayed."]);

    const { session_id } = chat.lastMessage?.metadata as { session_id: string };
    const stored = await stack().backend.messages(session_id);
    assert.deepEqual(
      stored.map(({ content }) => content).sort(),
      [first, "A door opened.", second, "It closed.", "It stayed."].sort(),
    );
    const sent = (await model().replies(second).at(-1))!.request.messages;
    assert.deepEqual(sent.slice(1).map(({ content }) => content), [first, "A door opened.", second]);
  });

  test("the transport: what is known goes on with a running reply after a reload, and stop stops", async () => {
    const known = {};
    const chat = new Chat(fabulaTransport(chatUrl(), {}, known));
    const text = prompt("Tell it slowly.");
    const gate = makeGate();
    model().script(text, async (reply) => {
      reply.text("Once");
      await gate.opened;
      reply.text(" and for all.");
      reply.finish();
    });
    const told = chat.sendMessage({ text });
    await until("the first word", () => chat.texts[1] === "assistant: Once");
    const reloaded = new Chat(fabulaTransport(chatUrl(), {}, { ...known }), chat.messages.slice(0, 1));
    const resumed = reloaded.resumeStream();
    await until("the first word again", () => reloaded.texts[1] === "assistant: Once");
    gate.open();
    await Promise.all([told, resumed]);
    for (const each of [chat, reloaded]) assert.equal(each.texts[1], "assistant: Once and for all.");

    const endless = prompt("Never end.");
    model().script(endless, (reply) => reply.text("And "));
    const stopped = chat.sendMessage({ text: endless });
    await until("its first word", () => chat.texts.at(-1) === "assistant: And ");
    await chat.stop();
    await stopped;
    assert.equal(chat.status, "ready");
    await until("the model's end", () => model().replies(endless)[0]?.isClosed);
  });
});
