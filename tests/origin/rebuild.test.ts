// Sources that change while the development server runs, with a scripted build.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { start, temporaryDir, type Run } from "./run_server.ts";

interface Answer {
  built: string;
  pid: number;
}

interface Watched {
  run: Run;
  write(path: string, text: string): void;
  ask(path?: string): Promise<Answer>;
  /** Resolves when the server has said it. */
  said(pattern: RegExp): Promise<void>;
}

// Behaves like a compiler: a source with `error` does not compile, and a comment changes nothing.
const BUILD = `cd "$(dirname "$0")"
echo "chat.wasm 12 bytes"
if grep -rn error sources; then echo "1 error generated." >&2; exit 1; fi
grep -hv '^//' sources/chat.cpp >output/.chat.js
cmp -s output/.chat.js output/chat.js || cp output/.chat.js output/chat.js
`;

async function startWatched(context: TestContext, watch = "on"): Promise<Watched> {
  const folder = temporaryDir(context);
  for (const name of ["sources/room", "migrations", "output"]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
  write("build", BUILD);
  write("sources/chat.cpp", "one\n");
  write("output/chat.js", "one\n");
  const environment = { SCRIPTED_BUILD: folder, FABULA_WATCH: watch };
  const run = await start(context, temporaryDir(context), environment);
  await run.untilReady();
  return {
    run,
    write,
    ask: async (path = "chat") => {
      const response = await fetch(`${run.url}/functions/v1/${path}`);
      return (await response.json()) as Answer;
    },
    said: async (pattern) => {
      for (let waited_ms = 0; !pattern.test(run.output()); waited_ms += 20) {
        assert.ok(waited_ms < 15_000, `${pattern} is not in: ${run.output()}${run.errors()}`);
        await sleep(20);
      }
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("a change is built and loaded, and a reply under way is finished by the old functions", async (context) => {
  const { run, write, ask, said } = await startWatched(context);
  const before = await ask();
  assert.equal(before.built, "one\n");
  const underWay = ask("chat/slow");
  write("sources/chat.cpp", "two\n");
  await said(/^rebuilding: .*chat\.cpp\nrebuilt chat in [\d.]+ s$/m);
  const after = await ask();
  assert.equal(after.built, "two\n");
  assert.notEqual(after.pid, before.pid);
  assert.ok(isRunning(before.pid));
  assert.equal((await underWay).built, "one\n");
  for (let waited_ms = 0; isRunning(before.pid); waited_ms += 20) {
    assert.ok(waited_ms < 5_000, "the old functions are still running");
    await sleep(20);
  }
  assert.doesNotMatch(run.output(), /12 bytes/);
});

test("what does not compile is shown, the old functions go on, and the next change counts", async (context) => {
  const { write, ask, said } = await startWatched(context);
  const before = await ask();
  write("sources/chat.cpp", "an error\n");
  await said(/chat\.cpp:1:an error[^]*1 error generated\.[^]*^The build failed: the functions go on as they were\.$/m);
  assert.deepEqual((await ask()).pid, before.pid);
  write("sources/chat.cpp", "two\n");
  await said(/^rebuilt chat /m);
  assert.equal((await ask()).built, "two\n");
});

test("functions that do not start leave the old ones in their place", async (context) => {
  const { write, ask, said } = await startWatched(context);
  const before = await ask();
  write("sources/chat.cpp", "broken\n");
  await said(/^The new functions do not start, the old ones go on: exit status 4$/m);
  assert.equal((await ask()).pid, before.pid);
});

test("new files and folders count; what makes no function different reloads nothing", async (context) => {
  const { write, ask, said } = await startWatched(context);
  const before = await ask();
  write("sources/room/new.hpp", "// nothing\n");
  await said(/^rebuilding: .*room\/new\.hpp\nbuilt in [\d.]+ s: no function is different$/m);
  assert.equal((await ask()).pid, before.pid);
});

test("a new migration is for the next start", async (context) => {
  const { run, write, said } = await startWatched(context);
  write("migrations/20270101000000_more.sql", "select 1;\n");
  await said(/^20270101000000_more\.sql: migrations are applied when \.\/scripts\/dev starts again$/m);
  assert.doesNotMatch(run.output(), /rebuilding/);
});

test("with FABULA_WATCH=off nothing is watched", async (context) => {
  const { run, write, ask } = await startWatched(context, "off");
  write("sources/chat.cpp", "two\n");
  await sleep(2_000);
  assert.equal((await ask()).built, "one\n");
  assert.doesNotMatch(run.output(), /rebuil/);
});
