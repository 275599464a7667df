// A page that loads the browser module from a small server, under a Content-Security-Policy.
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import type { Fabula } from "../../wasm/browser/fabula.ts";
import { StoryPage } from "../browser/browser.ts";
import { startUpstream } from "../origin/upstream.ts";

declare global {
  interface Window {
    fabula: Fabula;
  }
}

const POLICY = "default-src 'none'; connect-src 'self'; script-src 'self'";
const PAGE = "tests/browser_module/page";
const MODULE = "build/browser";
const FILES: Record<string, { path: string; type: string }> = {
  "/": { path: `${PAGE}/index.html`, type: "text/html" },
  "/page.js": { path: `${PAGE}/page.js`, type: "text/javascript" },
  "/worker.js": { path: `${PAGE}/worker.js`, type: "text/javascript" },
  "/fabula.js": { path: `${MODULE}/fabula.js`, type: "text/javascript" },
  "/fabula.wasm": { path: `${MODULE}/fabula.wasm`, type: "application/wasm" },
};

export interface ModulePageOptions {
  /** The pieces of the answer that the page shows. */
  answer?: Uint8Array[];
  /** Whether the policy lets WebAssembly run. */
  allowsWasm?: boolean;
}

export async function openModulePage(
  context: TestContext,
  browser: Browser,
  { answer = [], allowsWasm = true }: ModulePageOptions = {},
): Promise<StoryPage> {
  const policy = allowsWasm ? `${POLICY} 'wasm-unsafe-eval'` : POLICY;
  const server = await startUpstream((request, response) => {
    void respond(request, response, answer, policy);
  });
  context.after(() => server.close());
  return StoryPage.open(context, browser, server.url);
}

/** The page with the module loaded and its answer shown. */
export async function openLoadedPage(
  context: TestContext,
  browser: Browser,
  options: ModulePageOptions = {},
): Promise<StoryPage> {
  const story = await openModulePage(context, browser, options);
  await story.page.locator("#reply[data-end]").waitFor({ state: "attached" });
  return story;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Uint8Array[],
  policy: string,
): Promise<void> {
  response.setHeader("Content-Security-Policy", policy);
  if (request.method === "POST") {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const piece of answer) {
      response.write(piece);
      await delay(2);
    }
    response.end();
    return;
  }
  const file = FILES[request.url ?? ""];
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": file.type }).end(await readFile(file.path));
}
