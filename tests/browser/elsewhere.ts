// A page of another origin, with supabase-js as a builder's bundler packs it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { build } from "esbuild";
import { root } from "../clients/backend.ts";
import { WatchedPage } from "./browser.ts";

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,"></head><body>
<button id="sign-up">sign up</button> <button id="anonymously">anonymously</button>
<label>text <input id="text"></label> <button id="say">say</button>
<p id="state"></p><p id="reply"></p><p id="rows"></p>
<script type="module" src="/program.js"></script></body></html>`;

/** Serves it on its own port; returns its URL. */
export async function serveElsewhere(context: TestContext, url: string, key: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, "tests/browser/elsewhere_program.ts")],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    define: { FABULA_URL: JSON.stringify(url), PUBLISHABLE_KEY: JSON.stringify(key) },
    write: false,
  });
  const program = outputFiles[0]!.text;
  const server = createServer((request, response) => {
    const isProgram = request.url === "/program.js";
    response.setHeader("content-type", isProgram ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8");
    response.end(isProgram ? program : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

export class ElsewherePage extends WatchedPage {
  /** Requests to this origin are the page's business. */
  alsoAsks(origin: string): void {
    this.expectedErrors.push(new RegExp(`^request to ${origin}/`));
  }
}
