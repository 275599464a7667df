import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../browser/browser.ts";
import { openLoadedPage, openModulePage } from "./module_page.ts";
import { randomNumbers } from "../random_numbers.ts";
import { randomCuts } from "./random_streams.ts";

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

const METADATA = { tokens: { in: 1, out: 2 }, title: "The Fox" };
const FRAMES = [
  { id: 6, event: { type: "text", content: "字 " } },
  { id: 10, event: { type: "text", content: "🦊" } },
  { id: 10, event: { type: "metadata", metadata: METADATA } },
  { id: 10, event: { type: "done" } },
];

function answer(frames: typeof FRAMES): Buffer[] {
  const text = frames.map(({ id, event }) => `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`);
  const bytes = Buffer.from(`: keep-alive\n\n${text.join("")}`);
  let at = 0;
  return randomCuts(randomNumbers(1), bytes.length).map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
}

test("a page that allows 'wasm-unsafe-eval' and no eval shows an answer", async (context) => {
  const story = await openLoadedPage(context, browser, { answer: answer(FRAMES) });
  const reply = story.page.locator("#reply");
  assert.equal(await reply.textContent(), "字 🦊");
  assert.equal(await reply.getAttribute("data-end"), "over at 10");
  assert.equal(await story.page.title(), "The Fox");
  story.assertNoErrors();
});

test("a page sees that an answer did not arrive whole", async (context) => {
  const story = await openLoadedPage(context, browser, { answer: answer(FRAMES.slice(0, 3)) });
  assert.equal(await story.page.locator("#reply").getAttribute("data-end"), "broken");
  story.assertNoErrors();
});

test("the policy is in force: it refuses without 'wasm-unsafe-eval'", async (context) => {
  const story = await openModulePage(context, browser, { allowsWasm: false });
  const { page } = story;
  story.expectedErrors.push(/Content Security Policy/, /WebAssembly/);
  const reason = await page.evaluate(async (url) => {
    const { loadFabula } = (await import(url)) as typeof import("../../wasm/browser/fabula.ts");
    return loadFabula().then(() => "loaded", String);
  }, "/fabula.js");
  assert.match(reason, /Content Security Policy/);
  story.assertNoErrors();
});

test("loading says which file is missing", async (context) => {
  const story = await openLoadedPage(context, browser);
  story.expectedErrors.push(/status of 404/);
  const reason = await story.page.evaluate(async (url) => {
    const { loadFabula } = (await import(url)) as typeof import("../../wasm/browser/fabula.ts");
    return loadFabula({ wasmUrl: "/elsewhere.wasm" }).then(() => "loaded", String);
  }, "/fabula.js");
  assert.match(reason, /^Error: http.*\/elsewhere\.wasm cannot be loaded: status 404$/);
  story.assertNoErrors();
});

test("a worker can use it", async (context) => {
  const story = await openLoadedPage(context, browser);
  const title = await story.page.evaluate(() => {
    const worker = new Worker("/worker.js", { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  });
  assert.equal(title, "In a worker");
  story.assertNoErrors();
});

const CONSUMER = `
import { loadFabula, type ChatEvent } from "./fabula.js";

function show(event: ChatEvent): string {
  switch (event.type) {
    case "text": return event.content;
    case "metadata": return event.metadata.title ?? String(event.metadata.tokens.out);
    case "done": return event.id;
    case "error": return event.error.code;
  }
}
const fabula = await loadFabula({ wasmUrl: new URL("https://example.com/fabula.wasm") });
const stream = fabula.openChatStream();
export const shown: string[] = stream.feed(new Uint8Array(1)).map(show);
// @ts-expect-error A stream takes bytes.
stream.feed("text");
`;

test("the declarations are all that a strict TypeScript page needs", () => {
  const directory = "build/tests/browser_module/consumer";
  mkdirSync(directory, { recursive: true });
  copyFileSync("build/browser/fabula.d.ts", `${directory}/fabula.d.ts`);
  writeFileSync(`${directory}/page.ts`, CONSUMER);
  const options = { strict: true, noEmit: true, target: "es2022", module: "esnext", types: [] };
  const compilerOptions = { ...options, moduleResolution: "bundler", lib: ["es2022", "dom"] };
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify({ compilerOptions }));
  execFileSync("node_modules/.bin/tsc", ["--project", directory], { encoding: "utf8" });
});
