// README.md's code for a builder's own page, unchanged except for URLs and keys: fetch, supabase-js, and the
// transports for the AI SDK, which are compiled strictly against the package.
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
import { root, type Row } from "./backend.ts";
import { onEachRuntime } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

const folder = join(root, "build/tests/readme_page");

/** The same as `useChat`, without a framework. */
class Chat extends AbstractChat<UIMessage> {
  constructor(transport: ChatTransport<UIMessage>, id: string = randomUUID(), messages: UIMessage[] = []) {
    const state: ChatState<UIMessage> = {
      status: "ready",
      error: undefined,
      messages,
      pushMessage: (message) => void (state.messages = [...state.messages, message]),
      popMessage: () => void (state.messages = state.messages.slice(0, -1)),
      replaceMessage: (index, message) => void (state.messages = state.messages.with(index, message)),
      snapshot: (thing) => structuredClone(thing),
    };
    super({ id, transport, state });
  }

  get texts(): string[] {
    return this.messages.map(({ role, parts }) => {
      return `${role}: ${parts.map((part) => (part.type === "text" ? part.text : "")).join("")}`;
    });
  }
}

onEachRuntime("README's code for a page", (stack) => {
  const model = () => stack().backend.model;
  const prompt = (words: string) => `${words} (${stack().runtime})`;
  let transport: ChatTransport<UIMessage>;
  let resumingTransport: ChatTransport<UIMessage>;
  let guestToken: string;

  async function read(path: string): Promise<Row[]> {
    const headers = { authorization: `Bearer ${guestToken}` };
    return (await fetch(`${stack().url}/functions/v1${path}`, { headers })).json() as Promise<Row[]>;
  }

  /** The stored messages on the current path of a chat's conversation. */
  async function stored(chat: Chat): Promise<string[]> {
    const [session] = await read(`/sessions?external_id=${chat.id}`);
    const messages = await read(`/sessions/${session!["session_id"]}/messages`);
    return messages.map(({ role, content }) => `${role}: ${content}`);
  }

  before(async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const section = /### From your own page[^]*?\n## /.exec(readme)?.[0] ?? "";
    const [fabula, supabase, short, resuming] = [...section.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);
    assert.ok(fabula && supabase && short && resuming);
    const ownLines = short.split("\n").filter((line) => line && !line.startsWith("import "));
    assert.ok(ownLines.length <= 10, short);
    const guest = await fetch(`${stack().url}/functions/v1/users/guest`, { method: "POST" });
    guestToken = ((await guest.json()) as Row)["guest_token"];
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const here = (code: string) => code.replace("http://127.0.0.1:54321", stack().url);
    const program = here(supabase)
      .replace("mara@example.com", `${randomUUID()}@example.com`)
      .replace("PUBLISHABLE_KEY", JSON.stringify(stack().backend.keys.publishableKey));
    const sources = {
      "fabula.ts": here(fabula).replace("TOKEN", JSON.stringify(guestToken)),
      "supabase.ts": `${program}\nexport {};\n`,
      "transport.ts": short,
      "resuming_transport.ts": resuming,
    };
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
    // Each runtime has sources of its own.
    const load = (name: string) => import(`${pathToFileURL(join(folder, name)).href}?${stack().runtime}`);
    ({ transport } = await load("transport.mjs"));
    ({ transport: resumingTransport } = await load("resuming_transport.mjs"));
  });

  test("fetch and supabase-js: somebody signs up, chats, and reads their own messages", async (context) => {
    // Node 20 has none.
    const globals = globalThis as { WebSocket?: unknown };
    globals.WebSocket ??= WebSocket;
    model().tell("Once upon a time", ["there was ", "a fox."]);
    const said: unknown[] = [];
    context.mock.method(console, "log", (words: unknown) => void said.push(words));
    context.mock.method(console, "warn", () => {}); // supabase-js is deprecated on Node 20.
    await import(`${pathToFileURL(join(folder, "supabase.mjs")).href}?${stack().runtime}`);
    const messages = said.pop();
    assert.equal(said.join(""), "there was a fox.");
    assert.deepEqual(messages, [
      { role: "user", content: "Once upon a time" },
      { role: "assistant", content: "there was a fox." },
    ]);
  });

  test("the ten lines: a conversation that goes on after a reload, a failure with its reason, stop", async () => {
    const chat = new Chat(transport);
    const [first, second, third] = [prompt("Begin."), prompt("Go on."), prompt("And then?")];
    model().tell(first, ["A door ", "opened."]);
    await chat.sendMessage({ text: first });
    assert.deepEqual([chat.status, chat.error], ["ready", undefined]);
    assert.deepEqual(chat.texts, [`user: ${first}`, "assistant: A door opened."]);

    const reloaded = new Chat(transport, chat.id, chat.messages);
    model().tell(second, ["It closed."]);
    await reloaded.sendMessage({ text: second });
    const told = [`user: ${first}`, "assistant: A door opened.", `user: ${second}`, "assistant: It closed."];
    assert.deepEqual(reloaded.texts, told);
    assert.deepEqual(await stored(chat), told);

    model().script(third, (reply) => reply.refuse(400, '{"error":{"message":"no"}}'));
    await reloaded.sendMessage({ text: third });
    assert.equal(reloaded.status, "error");
    assert.match(reloaded.error?.message ?? "", /^\w[^{}]* .*\.$/);
    await reloaded.sendMessage({ text: " " });
    assert.match(reloaded.error?.message ?? "", /text/);

    const endless = prompt("Never end.");
    model().script(endless, (reply) => reply.text("And "));
    const stopped = chat.sendMessage({ text: endless });
    await until("its first word", () => chat.texts.at(-1) === "assistant: And ");
    await chat.stop();
    await stopped;
    assert.equal(chat.status, "ready");
    await until("the model's end", () => model().replies(endless)[0]?.isClosed);
  });

  test("the resuming transport: another take, a failure that is tried again", async () => {
    const chat = new Chat(resumingTransport);
    const [first, second] = [prompt("Wake."), prompt("Walk.")];
    model().tell(first, ["A fox ", "woke."]);
    await chat.sendMessage({ text: first });
    assert.deepEqual([chat.status, chat.error], ["ready", undefined]);
    model().script(second, (reply) => reply.refuse(400, '{"error":{"message":"no"}}'));
    await chat.sendMessage({ text: second });
    assert.equal(chat.status, "error");
    model().tell(second, ["It walked."]);
    await chat.regenerate();
    assert.deepEqual([chat.status, chat.texts.at(-1)], ["ready", "assistant: It walked."]);
    model().tell(second, ["It ran."]);
    await chat.regenerate();
    const told = [`user: ${first}`, "assistant: A fox woke.", `user: ${second}`, "assistant: It ran."];
    assert.deepEqual(chat.texts, told);
    assert.deepEqual(await stored(chat), told);
    const { message_id } = chat.lastMessage?.metadata as { message_id: string };
    const takes = await read(`/chat/messages/${message_id}/takes`);
    assert.deepEqual(takes.map(({ content }) => content), ["It walked.", "It ran."]);
    const sent = (await model().replies(second).at(-1))!.request.messages;
    assert.deepEqual(sent.slice(1).map(({ content }) => content), [first, "A fox woke.", second]);
  });

  test("the resuming transport: a reload goes on with the running reply, and stop stops it", async () => {
    const left = new Chat(resumingTransport);
    const text = prompt("Tell it slowly.");
    const gate = makeGate();
    model().script(text, async (reply) => {
      reply.text("Once");
      await gate.opened;
      reply.text(" and for all.");
      reply.finish();
    });
    void left.sendMessage({ text });
    await until("the first word", () => left.texts[1] === "assistant: Once");
    const reloaded = new Chat(resumingTransport, left.id, left.messages.slice(0, 1));
    const resumed = reloaded.resumeStream();
    await until("the first word again", () => reloaded.texts[1] === "assistant: Once");
    gate.open();
    await resumed;
    assert.equal(reloaded.texts[1], "assistant: Once and for all.");
    await reloaded.resumeStream();
    assert.deepEqual([reloaded.status, reloaded.messages.length], ["ready", 2]);

    const endless = prompt("Go on for ever.");
    model().script(endless, (reply) => reply.text("And "));
    void reloaded.sendMessage({ text: endless });
    await until("its first word", () => reloaded.texts.at(-1) === "assistant: And ");
    const again = new Chat(resumingTransport, left.id, reloaded.messages.slice(0, 3));
    const stopped = again.resumeStream();
    await until("its first word again", () => again.texts.at(-1) === "assistant: And ");
    await again.stop();
    await stopped;
    await until("the model's end", () => model().replies(endless)[0]?.isClosed);
    await until("the stored end", async () => (await stored(again)).at(-1) === "assistant: And ");
  });
});
