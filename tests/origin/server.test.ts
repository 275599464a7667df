// The whole program as the developer runs it, with scripted parts in the place of the real ones.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { processesOf, start, temporaryDir, untilGone, type Run } from "./run_server.ts";

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

test("it announces keys, notice, ready and a curl, in this order, and serves", async (context) => {
  const run = await start(context, temporaryDir(context));
  await run.untilReady();
  await sleep(50);
  const order = [
    /^PUBLISHABLE_KEY=sb_publishable_[\w-]{32}$/,
    /^SECRET_KEY=sb_secret_[\w-]{32}$/,
    /^test model$/,
    new RegExp(`^ready ${run.url}$`),
    /^$/,
    /^curl -N http/,
  ];
  const lines = run.output().trimEnd().split("\n");
  assert.equal(lines.length, order.length, run.output());
  order.forEach((pattern, index) => assert.match(lines[index] ?? "", pattern));
  const page = await fetch(run.url);
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(page.headers.get("cache-control"), "no-store");
});

test("the functions get addresses, keys and the developer's settings", async (context) => {
  const dataDir = temporaryDir(context);
  const run = await start(context, dataDir, {
    OPENAI_API_KEY: "sk-1",
    MODEL_DOSSIER: "openai:x",
    FABULA_ENV: "production",
  });
  await run.untilReady();
  const { environment } = (await (await fetch(`${run.url}/functions/v1/chat`)).json()) as {
    environment: Record<string, string>;
  };
  const [publishableKey] = /(?<=PUBLISHABLE_KEY=)\S+/.exec(run.output()) ?? [];
  assert.equal(environment["SUPABASE_URL"], run.url);
  assert.match(environment["SUPABASE_REST_URL"] ?? "", /^http:\/\/127\.0\.0\.1:\d+\/rest\/v1$/);
  assert.equal(
    environment["SUPABASE_PUBLISHABLE_KEYS"],
    JSON.stringify({ default: publishableKey }),
  );
  assert.equal(environment["OPENAI_API_KEY"], "sk-1");
  assert.equal(environment["MODEL_DOSSIER"], "openai:x");
  assert.equal(environment["FABULA_ENV"], "development");
  assert.match(environment["FABULA_ALLOWED_ORIGINS"] ?? "", /^http:\/\/[\da-f-]{36}\.invalid$/);
  assert.match(environment["LOCAL_BASE_URL"] ?? "", /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
});

test("pages and hosts elsewhere are refused unless they are named, and the developer is told once", async (context) => {
  const run = await start(context, temporaryDir(context), {
    FABULA_ALLOWED_ORIGINS: "https://app.example",
    FABULA_ALLOWED_HOSTS: "demo.example.com",
  });
  await run.untilReady();
  const statusFor = async (origin: string) => {
    const answer = await fetch(`${run.url}/functions/v1/chat`, { method: "POST", body: "{}", headers: { origin } });
    await answer.text();
    return answer.status;
  };
  assert.equal(await statusFor("https://app.example"), 200);
  assert.equal(await statusFor("https://demo.example.com"), 200);
  assert.equal(await statusFor("http://localhost:3000"), 200);
  for (let round = 0; round < 3; ++round) assert.equal(await statusFor("https://evil.example"), 403);
  const told = run.output().match(/^refused a request: .*$/gm) ?? [];
  assert.equal(told.length, 1, run.output());
  assert.match(told[0] ?? "", /"https:\/\/evil\.example" .*FABULA_ALLOWED_ORIGINS/);
});

test("the keys are kept from run to run, and only their owner can read them", async (context) => {
  const dataDir = temporaryDir(context);
  const keysOf = (run: Run) => run.output().match(/^\w+_KEY=\S+$/gm);
  const file = join(dataDir, "keys.json");
  const kept = () => JSON.parse(readFileSync(file, "utf8"));
  const first = await start(context, dataDir);
  await first.untilReady();
  first.signal("SIGINT");
  assert.equal(await first.exited, 0);
  // As an earlier version has left it.
  const { encryptionKey, ...others } = kept();
  assert.match(encryptionKey, /^[0-9a-f]{64}$/);
  writeFileSync(file, JSON.stringify(others));
  const second = await start(context, dataDir);
  await second.untilReady();
  assert.deepEqual(keysOf(second), keysOf(first));
  const added = kept();
  assert.deepEqual({ ...added, encryptionKey: undefined }, { ...others, encryptionKey: undefined });
  assert.match(added.encryptionKey, /^[0-9a-f]{64}$/);
  for (const run of [first, second]) {
    for (const key of [encryptionKey, added.encryptionKey]) assert.ok(!run.output().includes(key));
  }
  assert.equal(statSync(join(dataDir, "keys.json")).mode & 0o777, 0o600);
  assert.equal(statSync(join(dataDir, "server.json")).mode & 0o777, 0o600);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const) {
  test(`${signal} leaves no process behind`, async (context) => {
    const dataDir = temporaryDir(context);
    const run = await start(context, dataDir);
    await run.untilReady();
    assert.ok(processesOf(dataDir).length >= 8);
    run.signal(signal);
    assert.equal(await run.exited, signal === "SIGKILL" ? null : 0);
    await untilGone(dataDir);
    assert.ok(!readdirSync(dataDir).includes("server.json"));
  });
}

test("a server that is killed leaves no process and starts again", async (context) => {
  const dataDir = temporaryDir(context);
  const run = await start(context, dataDir);
  await run.untilReady();
  const { pid } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
  assert.equal(await run.exited, 1);
  await untilGone(dataDir);
  const again = await start(context, dataDir);
  await again.untilReady();
});

test("a signal while it starts ends it too", async (context) => {
  const dataDir = temporaryDir(context);
  const run = await start(context, dataDir);
  while (!run.output().includes("SECRET_KEY")) await sleep(5);
  run.signal("SIGTERM");
  assert.equal(await run.exited, 0);
  await untilGone(dataDir);
  assert.doesNotMatch(run.output(), /^ready/m);
});

interface Answer {
  pid: number;
  environment: Record<string, string>;
}

/** Repeats the request until it is answered; returns the answer, and the refusals before it. */
async function untilAnswered(url: string): Promise<{ answer: Answer; refusals: Response[] }> {
  const refusals: Response[] = [];
  for (let waited_ms = 0; waited_ms < 5_000; waited_ms += 20) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return { answer: (await response.json()) as Answer, refusals };
    if (response) refusals.push(response);
    await response?.text();
    await sleep(20);
  }
  throw new Error(`${url} is not answered`);
}

test("a part that is killed is started again, and the others go on", async (context) => {
  const dataDir = temporaryDir(context);
  const run = await start(context, dataDir);
  await run.untilReady();
  const functionsUrl = `${run.url}/functions/v1/chat`;
  const { environment } = (await untilAnswered(functionsUrl)).answer;
  const urls = {
    functions: functionsUrl,
    database: `${run.url}/rest/v1/projects`,
    model: `${environment["LOCAL_BASE_URL"]}/models`,
  };
  const pids = async () => {
    const answers = await Promise.all(Object.values(urls).map((url) => untilAnswered(url)));
    return answers.map(({ answer }) => answer.pid);
  };
  for (const [place, [name, url]] of Object.entries(urls).entries()) {
    const before = await pids();
    process.kill(before[place]!, "SIGKILL");
    const { refusals } = await untilAnswered(url);
    const after = await pids();
    assert.deepEqual(before.map((pid, index) => pid === after[index]), [0, 1, 2].map((index) => index !== place), name);
    for (const refusal of refusals) {
      assert.deepEqual([refusal.status, refusal.headers.get("retry-after")], [503, "1"]);
    }
    if (name !== "model") assert.ok(refusals.length > 0, `somebody has asked the ${name} meanwhile`);
    const told = `The ${name} ended: .*\nThe ${name} is started again now\. The rest stays up\.\nThe ${name} runs again\.`;
    assert.match(run.output(), new RegExp(told));
  }
  run.signal("SIGTERM");
  assert.equal(await run.exited, 0);
  await untilGone(dataDir);
});

test("a part that dies again and again is told with its last words, later and later, and the rest stays up", async (context) => {
  const dataDir = temporaryDir(context);
  const run = await start(context, dataDir, { SCRIPTED_DATABASE: "dies" });
  await run.untilReady();
  const waits = () => [...run.output().matchAll(/database is started again (now|in \d+ s)/g)].map(([, wait]) => wait);
  for (let waited_ms = 0; waits().length < 4 && waited_ms < 20_000; waited_ms += 50) await sleep(50);
  assert.deepEqual(waits().slice(0, 4), ["now", "in 1 s", "in 2 s", "in 4 s"]);
  const told = [...run.output().matchAll(/The database ended: exit status 9\n(  \| )?/g)];
  assert.deepEqual(told.slice(0, 4).map(([, words]) => words !== undefined), [false, false, true, false]);
  assert.match(run.output(), /  \| database: out of memory\n  \(.*\/logs\/database\.log\)\n/);
  assert.equal((await fetch(`${run.url}/functions/v1/chat`)).status, 200);
  assert.equal((await fetch(`${run.url}/rest/v1/projects`)).status, 503);
  const asked_ms = Date.now();
  run.signal("SIGTERM");
  assert.equal(await run.exited, 0);
  assert.ok(Date.now() - asked_ms < 3_000, "nobody waits for the next start");
  await untilGone(dataDir);
});

test("a part that does not start is named with its last words", async (context) => {
  const dataDir = temporaryDir(context);
  const run = await start(context, dataDir, { SCRIPTED_FUNCTIONS: "fails to start" });
  assert.equal(await run.exited, 1);
  assert.match(
    run.errors(),
    /The functions did not start: exit status 3\n[\s\S]*the wasm is missing/,
  );
  await untilGone(dataDir);
});

test("a port in use is one line that names the owner and --port", async (context) => {
  const owner = createServer();
  await new Promise<void>((resolve) => owner.listen(0, "127.0.0.1", resolve));
  context.after(() => owner.close());
  const port = portOf(owner);
  const run = await start(context, temporaryDir(context), { FABULA_PORT: String(port) });
  assert.equal(await run.exited, 1);
  const owned = `fabula: Port ${port} is in use by node (process ${process.pid}). Stop it, or `;
  assert.ok(run.errors().startsWith(`${owned}choose another port: ./scripts/dev --port `));
  assert.equal(run.errors().trimEnd().split("\n").length, 1);
});

test("a port that only a connection holds is waited for", async (context) => {
  const peer = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  context.after(() => peer.close());
  const connection = connect(portOf(peer), "127.0.0.1");
  await once(connection, "connect");
  const environment = { FABULA_PORT: String(connection.localPort) };
  const run = await start(context, temporaryDir(context), environment);
  await sleep(1_000);
  assert.equal(run.output() + run.errors(), "");
  connection.resetAndDestroy();
  await run.untilReady();
});

test("a second server on a data directory is told of the first", async (context) => {
  const dataDir = temporaryDir(context);
  const first = await start(context, dataDir);
  await first.untilReady();
  const second = await start(context, dataDir);
  assert.equal(await second.exited, 1);
  assert.ok(second.errors().includes(`already runs on ${dataDir}: ${first.url}`), second.errors());
  assert.equal(second.errors().trimEnd().split("\n").length, 1);
  assert.equal((await fetch(`${first.url}/functions/v1/chat/health`)).status, 200);
});

test("a data directory that is a file is one line that says what to do", async (context) => {
  const file = join(temporaryDir(context), "file");
  writeFileSync(file, "");
  const run = await start(context, file);
  assert.equal(await run.exited, 1);
  assert.match(run.errors(), /^fabula: The data directory is no directory .*--data DIR\n$/);
});

test("a full disk is one line that says what to do", async (context) => {
  const run = await start(context, "/proc"); // A file system that never has a free block.
  assert.equal(await run.exited, 1);
  assert.match(run.errors(), /^fabula: The disk of \/proc is full \(0 MB left\).*--data DIR\n$/);
});
