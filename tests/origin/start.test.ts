// ./scripts/dev up to the server: checks, set-up and build, in a folder that has nothing but its
// scripts. Set-up and build are replaced by scripts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../scripts/local/ports.mjs";
import { processesOf, temporaryDir, untilGone } from "./run_server.ts";

// Like Ninja: its compilers are process groups of their own, and it ends them when it must end.
const SLOW_TO_END = `const { spawn } = require("child_process");
process.on("SIGTERM", () => setTimeout(() => compiler.kill(), 300));
const compiler = spawn("sleep", [process.argv[1]], { detached: true });
compiler.on("exit", () => process.exit());`;

/** The replacements of set-up, build and server; each writes its actions to `log`. */
const SCRIPTS: Record<string, string> = {
  "scripts/setup": `#!/bin/sh
echo "setup $1" >>log
case "$1" in
  toolchain) sleep 0.5; [ ! "$SCRIPTED_TOOLCHAIN" ] || { echo "setup: no compiler" >&2; exit 1; } ;;
esac
echo "setup $1 done" >>log`,
  "scripts/build": `#!/bin/sh
echo "build $1" >>log
[ "$1" != modules ] || node -e "$SLOW_TO_END" "\${SCRIPTED_COMPILE_SECONDS:-0.5}"
[ "$1" != modules ] || [ ! "$SCRIPTED_COMPILER" ] || { echo "a.cpp:1: error"; exit 1; }
echo "build $1 done" >>log`,
  "scripts/local/bundle.mjs": `import { appendFileSync, cpSync } from "node:fs";
appendFileSync("log", "bundle\\n");
cpSync("scripts/server.mjs", "build/local/main.js");`,
  "scripts/server.mjs": `import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
appendFileSync("log", "server\\n");
createInterface({ input: process.stdin }).on("line", (line) => {
  appendFileSync("log", line + "\\n");
  console.log("ready");
});
process.on("SIGTERM", () => process.exit(0));`,
};

interface Run {
  root: string;
  dataDir: string;
  output(): string;
  log(): string[];
  exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  untilLogged(line: string): Promise<void>;
}

async function startDev(
  context: TestContext,
  environment: Record<string, string> = {},
  options: string[] = [],
): Promise<Run> {
  const root = temporaryDir(context);
  const dataDir = join(root, "data");
  cpSync(resolve("scripts/dev"), join(root, "scripts/dev"));
  cpSync(resolve("scripts/local"), join(root, "scripts/local"), {
    recursive: true,
    filter: (path) => !/\.ts$|node_modules|scripts\/local\/(model|page)$/.test(path),
  });
  mkdirSync(join(root, "build/local"), { recursive: true });
  for (const [path, text] of Object.entries(SCRIPTS)) {
    writeFileSync(join(root, path), `${text}\n`);
    chmodSync(join(root, path), 0o755);
  }
  const [port = 0] = await freePorts(1);
  const child = spawn(join(root, "scripts/dev"), options, {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      FABULA_PORT: String(port),
      FABULA_DATA_DIR: dataDir,
      SLOW_TO_END,
      ...environment,
    },
  });
  let output = "";
  child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (output += piece.toString()));
  const exited = new Promise<number | null>((done) => child.on("close", done));
  context.after(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  const log = () =>
    existsSync(join(root, "log")) ? readFileSync(join(root, "log"), "utf8").trim().split("\n") : [];
  return {
    root,
    dataDir,
    output: () => output,
    log,
    exited,
    signal: (name) => child.kill(name),
    untilLogged: async (line) => {
      for (let waited_ms = 0; !log().includes(line); waited_ms += 20) {
        assert.ok(waited_ms < 15_000 && child.exitCode === null, `${output}\n${log().join("\n")}`);
        await sleep(20);
      }
    },
  };
}

test("the server starts beside the compiler, and is told when the functions are built", async (context) => {
  const run = await startDev(context, { SCRIPTED_COMPILE_SECONDS: "2" });
  await run.untilLogged("functions built");
  const before = (first: string, second: string) =>
    assert.ok(run.log().indexOf(first) < run.log().indexOf(second), `${first}, ${second}: ${run.log()}`);
  before("setup packages done", "bundle");
  before("server", "build modules done");
  before("setup toolchain done", "build modules");
  before("build modules done", "build bundles");
  before("build bundles done", "functions built");
  run.signal("SIGINT");
  assert.equal(await run.exited, 0);
  await untilGone(run.dataDir);
});

const REFUSED: [string, Record<string, string>, string[], RegExp][] = [
  ["a port that is none", {}, ["--port", "http"], /^fabula: "http" is no port: .*\n$/],
  ["a runtime that is none", {}, ["--runtime=bun"], /^fabula: "bun" is no runtime: .*\n$/],
  ["a host that is none", {}, ["--allow-host=a.example", "--allow-host", "b.example:1"], /^fabula: "b.example:1" is no host's name: .*\n$/],
  ["an option that is none", {}, ["--watch"], /^fabula: unknown option --watch\..*\n$/],
  ["a Supabase without keys", { SUPABASE_URL: "https://a.co" }, [], /^fabula: SUPABASE_URL is set but .*\n$/],
  ["a full disk", { FABULA_DATA_DIR: "/proc" }, [], /^fabula: The disk of \/proc is full .*\n$/],
];
for (const [what, environment, options, message] of REFUSED) {
  test(`${what} is one line, before anything is set up`, async (context) => {
    const run = await startDev(context, environment, options);
    assert.equal(await run.exited, 1);
    assert.match(run.output(), message);
    assert.deepEqual(run.log(), []);
  });
}

test("a port in use is one line, before anything is set up", async (context) => {
  const owner = createServer();
  await new Promise<void>((done) => owner.listen(0, "127.0.0.1", done));
  context.after(() => owner.close());
  const { port } = owner.address() as AddressInfo;
  const run = await startDev(context, {}, ["--port", String(port)]);
  assert.equal(await run.exited, 1);
  assert.match(run.output(), new RegExp(`^fabula: Port ${port} is in use by node .*--port \\d+\\n$`));
  assert.deepEqual(run.log(), []);
});

test("set-up that fails ends all and says what it said", async (context) => {
  const run = await startDev(context, { SCRIPTED_TOOLCHAIN: "fails" });
  assert.equal(await run.exited, 1);
  assert.equal(run.output(), "setup: no compiler\n");
  assert.ok(!run.log().includes("build modules"));
  await untilGone(run.dataDir);
});

test("what does not compile ends all and says what the compiler said", async (context) => {
  const run = await startDev(context, { SCRIPTED_COMPILER: "fails" });
  assert.equal(await run.exited, 1);
  assert.equal(run.output(), "a.cpp:1: error\n");
  await untilGone(run.dataDir);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} while it compiles ends everything`, async (context) => {
    const run = await startDev(context, { SCRIPTED_COMPILE_SECONDS: "60" });
    await run.untilLogged("build modules");
    await run.untilLogged("server");
    // Five processes: ./scripts/dev, the server, the build, its Ninja, and a compiler.
    for (let waited_ms = 0; processesOf(run.dataDir).length < 5; waited_ms += 20) {
      assert.ok(waited_ms < 15_000, "no compiler runs");
      await sleep(20);
    }
    run.signal(signal);
    assert.equal(await run.exited, 0);
    assert.equal(run.output(), "");
    await untilGone(run.dataDir);
  });
}
