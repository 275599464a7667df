// The page on the real development server: real functions, database and local model, as set-up and
// build have made them (./scripts/setup test, ./scripts/build).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { freePorts } from "../../scripts/local/ports.mjs";
import { isLongRing } from "../ring.ts";
import { launchBrowser, StoryPage } from "./browser.ts";

const MODEL = ".fabula/models/SmolLM2-135M-Instruct.Q4_1.gguf";
const START_DEADLINE_MS = 60_000;
const REPLY_DEADLINE_MS = 60_000;
const RESTART_DEADLINE_MS = 60_000;

let browser: Browser;
before(async () => (browser = await launchBrowser()));
after(() => browser.close());

interface Server {
  url: string;
  /** Resolves when that many parts have ended and run again. */
  untilRestarts(count: number): Promise<void>;
  stop(): Promise<void>;
}

async function startServer(runtime: string, dataDir: string): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, ["build/local/supervisor.js"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      FABULA_PORT: String(port),
      FABULA_RUNTIME: runtime,
      FABULA_DATA_DIR: dataDir,
      FABULA_MODEL_FILE: resolve(process.env["FABULA_MODEL_FILE"] ?? MODEL),
      MODEL_CHAT: "local:smollm2-135m-instruct",
      FABULA_MAX_OUTPUT_TOKENS: "120",
      // The test counts how often the text changes, which must not depend on the model's speed.
      FABULA_COALESCE_MS: "0",
    },
  });
  let output = "";
  child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
  const exited = new Promise<void>((done) => child.on("exit", () => done()));
  const untilPrinted = async (pattern: RegExp, count: number, deadline_ms: number) => {
    for (let waited_ms = 0; (output.match(pattern) ?? []).length < count; waited_ms += 50) {
      assert.ok(waited_ms < deadline_ms && child.exitCode === null, output);
      await sleep(50);
    }
  };
  await untilPrinted(/^ready /gm, 1, START_DEADLINE_MS);
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  const untilRestarts = (count: number) => untilPrinted(/ runs again\./g, count, RESTART_DEADLINE_MS);
  return { url: `http://127.0.0.1:${port}`, untilRestarts, stop };
}

function temporaryDir(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "fabula-browser-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The process of a part, by words of its command line. */
function processOf(dataDir: string, words: string): number {
  const { pid } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number };
  const found = readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      return Number(parent) === pid && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(words);
    } catch {
      return false;
    }
  });
  assert.equal(found.length, 1, words);
  return Number(found[0]);
}

for (const runtime of isLongRing ? ["deno", "workerd"] : ["deno"]) {
  test(`a story with the local model, across a reload (${runtime})`, async (context) => {
    const dataDir = temporaryDir(context);
    const server = await startServer(runtime, dataDir);
    context.after(() => server.stop());
    const story = await StoryPage.open(context, browser, server.url);
    const { page } = story;
    const lengths = await story.watchLengths();
    await story.send("Write two sentences about a lighthouse keeper called Mara.");
    await story.untilQuiet(REPLY_DEADLINE_MS);
    assert.equal(await story.failures().count(), 0, await page.innerText("main"));
    const seen = await lengths();
    assert.ok(seen.length >= 10, `the text changed ${seen.length} times`);
    const sessionId = await page.locator("#ids dd").first().textContent();
    assert.match(sessionId ?? "", /^[0-9a-f-]{36}$/);
    assert.match(await page.title(), /^Write two sentences .* - Fabula$/);

    await page.reload();
    await story.send("What is her dog called?");
    await story.untilQuiet(REPLY_DEADLINE_MS);
    assert.equal(await story.replies().count(), 2);
    assert.equal(await story.failures().count(), 0, await page.innerText("main"));
    assert.equal(await page.locator("#ids dd").first().textContent(), sessionId);
    await story.screenshot(`stack-${runtime}`);
    story.assertNoErrors();

    // Each part is killed; once it runs again a message is answered, with all that was said before.
    story.expectedErrors.push(/status of 50\d|ERR_EMPTY_RESPONSE/);
    for (const [place, words] of ["database-server.mjs", "model/build/server.mjs", runtime].entries()) {
      process.kill(processOf(dataDir, words), "SIGKILL");
      await server.untilRestarts(place + 1);
      await story.send("And then?");
      await story.untilQuiet(REPLY_DEADLINE_MS);
      assert.equal(await story.failures().count(), 0, `${words}: ${await page.innerText("main")}`);
      assert.equal(await story.replies().count(), 3 + place);
    }
    assert.equal(await page.locator("#ids dd").first().textContent(), sessionId);
    story.assertNoErrors();
  });
}

test("after Stop the conversation goes on from what was written", async (context) => {
  const server = await startServer("deno", temporaryDir(context));
  context.after(() => server.stop());
  const story = await StoryPage.open(context, browser, server.url);
  const { page } = story;
  await story.send("Tell a long story about the sea.");
  await page.waitForFunction(() => {
    return (document.querySelector(".assistant .text")?.textContent?.length ?? 0) > 20;
  });
  await page.getByRole("button", { name: "Stop" }).click();
  await story.lastReply().getByText("Stopped here.").waitFor();
  await page.waitForTimeout(1_000); // The turn is over when the function has saved it.
  await story.send("And then?");
  await story.untilQuiet(REPLY_DEADLINE_MS);
  assert.equal(await story.failures().count(), 0, await page.innerText("main"));
  story.assertNoErrors();
});
