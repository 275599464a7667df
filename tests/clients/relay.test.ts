// The relay: a bot is asked, its reply is streamed and kept, whether its client leaves, cancels or
// returns, through any isolate.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Row } from "./backend.ts";
import { api, makeBot, open, readRelay } from "./relay.ts";
import { PROVIDER_KEY, Stack, onEachRuntime } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import { makeGate, until } from "./wait.ts";

// One for all runtimes, which share the database.
const NEWEST_ENCRYPTION_KEY = randomBytes(32).toString("hex");

// Much more than is needed, so that tests have no part in each other's limits.
const settings = () => ({
  FABULA_RATE_LIMITS: "stream=1000/60",
  FABULA_UPSTREAM_HOSTS: "127.0.0.1",
  FABULA_PUBLIC_BOTS: "on",
  FABULA_METRICS_TOKEN: "metrics-new",
  FABULA_PREVIOUS_METRICS_TOKEN: "metrics-old",
  MODEL_STREAM: "local:scripted",
});

onEachRuntime("the relay", (stack) => {
  let ana: Person;
  let bot: Row;
  let conversation_id = 0;
  before(async () => {
    ana = await signUp(stack());
    bot = await makeBot(stack(), ana, { name: "Terse", system: "You are terse." });
  });
  beforeEach(() => void (conversation_id += 1));

  const model = () => stack().backend.model;
  const words = (text: string) => `${text} (${stack().runtime}, ${conversation_id})`;
  const ask = (prompt: string, more: Row = {}) => ({
    bot_id: bot["bot_id"],
    conversation_id,
    prompt,
    ...more,
  });
  const start = (body: object, signal?: AbortSignal) =>
    open(stack(), "POST", "/v1/stream", ana, body, {}, signal);
  const resume = (id: string, query = "", headers: Record<string, string> = {}, at = stack()) =>
    open(at, "GET", `/v1/streams/${id}${query}`, ana, undefined, headers);
  const generation = async (stream_id: string) =>
    (await stack().backend.rows("generations", { stream_id }))[0]!;
  const ended = (stream_id: string) =>
    until("the generation's end", async () => {
      const row = await generation(stream_id);
      return row["status"] !== "streaming" && row;
    });

  test("a prompt is answered as the bot is told, and the conversation goes on", async () => {
    const [first, second] = [words("Who are you?"), words("Who am I?")];
    model().tell(first, ["A fox.\nOf ", "  the wood", ": yes"]);
    model().tell(second, ["Nobody."]);
    const response = await start(ask(first, { stream_id: `s-${randomUUID()}` }));
    const events = await readRelay(response);
    assert.equal(events.text, "A fox.\nOf   the wood: yes");
    assert.equal(events.lastId, String(events.text.length));
    assert.deepEqual(events.done, { stream_id: response.headers.get("x-stream-id"), finish_reason: "stop" });
    assert.equal(response.headers.get("x-project-id"), null);
    assert.equal((await readRelay(await start(ask(second)))).text, "Nobody.");
    assert.deepEqual(
      model().newest.request.messages.map(({ role, content }) => [role, content]),
      [
        ["system", "You are terse."],
        ["user", first],
        ["assistant", "A fox.\nOf   the wood: yes"],
        ["user", second],
      ],
    );
    const session_id = response.headers.get("x-session-id")!;
    const [session] = await stack().backend.rows("sessions", { session_id });
    assert.equal(session!["kind"], "relay");
    assert.equal(session!["external_id"], String(conversation_id));
    const [line] = await stack().logEntries(response.headers.get("x-request-id")!);
    assert.equal(line!["bot_id"], String(bot["bot_id"]));
    assert.equal(line!["conversation_id"], String(conversation_id));
  });

  test("what the request says takes the place of the bot's instructions", async () => {
    const prompt = words("Speak.");
    model().tell(prompt, ["Yes."]);
    await readRelay(await start(ask(prompt, { system: "You are a poet." })));
    assert.equal(model().newest.request.messages[0]!.content, "You are a poet.");
  });

  test("a stream's name that is used again is the same stream, or refused", async () => {
    const prompt = words("Name it.");
    const gate = makeGate();
    model().script(prompt, async (reply) => {
      reply.text("Half");
      await gate.opened;
      reply.text(" and whole.");
      reply.finish();
    });
    const body = { ...ask(prompt), stream_id: `s-${randomUUID()}` };
    const first = readRelay(await start(body));
    await model().reply(prompt);
    // The rest of it is sent while it runs, and again when it is over.
    const running = start(body).then((response) => readRelay(response));
    const other = await api(stack(), "POST", "/v1/stream", ana, { ...body, prompt: "Other." });
    assert.deepEqual([other.status, other.body.code], [409, "stream_exists"]);
    gate.open();
    assert.equal((await first).text, "Half and whole.");
    assert.equal((await running).text, "Half and whole.");
    const again = await start(body);
    assert.equal(again.headers.get("idempotent-replayed"), "true");
    const told = await readRelay(again);
    assert.equal(told.text, "Half and whole.");
    assert.deepEqual(told.done, { stream_id: body.stream_id, finish_reason: "stop" });
    assert.equal(model().replies(prompt).length, 1);
  });

  test("who leaves ends the model's work, and reads on later what was kept", async () => {
    const prompt = words("Begin, please.");
    model().script(prompt, (reply) => reply.text("It began with Ünïcode 🦊 and"));
    const leaving = new AbortController();
    const stream_id = `s-${randomUUID()}`;
    const response = await start(ask(prompt, { stream_id }), leaving.signal);
    const seen = await readRelay(response, ({ text }) => text !== "");
    leaving.abort();
    const row = await ended(stream_id);
    assert.equal(row["status"], "disconnected");
    await until("the model's connection to close", () => model().replies(prompt)[0]!.isClosed);
    const whole = await readRelay(await resume(stream_id));
    assert.equal(whole.text, "It began with Ünïcode 🦊 and");
    assert.equal(whole.error!.retryable, true);
    const rest = await readRelay(await resume(stream_id, "", { "last-event-id": seen.lastId }));
    assert.equal(seen.text + rest.text, whole.text);
    const bytes = Buffer.from("It began ").length;
    const after = await readRelay(await resume(stream_id, `?after=${bytes}`));
    assert.equal(after.text, "with Ünïcode 🦊 and");
    for (const twice of ["?after=2&after=3", "?after=&after=x"]) {
      const refused = await resume(stream_id, twice);
      assert.equal(refused.status, 422, await refused.text());
    }
  });

  test("a detached reply is finished without its reader", async () => {
    const prompt = words("Go on alone.");
    const gate = makeGate();
    model().script(prompt, async (reply) => {
      reply.text("Alone");
      await gate.opened;
      reply.text(", but whole.");
      reply.finish();
    });
    const leaving = new AbortController();
    const stream_id = `s-${randomUUID()}`;
    const response = await start(ask(prompt, { stream_id, detach: true }), leaving.signal);
    await readRelay(response, ({ text }) => text !== "");
    leaving.abort();
    await new Promise((resolve) => setTimeout(resolve, 300));
    gate.open();
    assert.equal((await ended(stream_id))["status"], "complete");
    assert.equal((await readRelay(await resume(stream_id))).text, "Alone, but whole.");
  });

  describe("from another isolate", () => {
    let other: Stack;
    before(async () => {
      other = await Stack.start(stack().runtime, stack().backend, settings);
    });
    after(() => other.stop());

    test("a silent model is cancelled, and what it said is kept", async () => {
      const prompt = words("Think.");
      model().script(prompt, (reply) => reply.text("Well,"));
      const stream_id = `s-${randomUUID()}`;
      const reading = readRelay(await start(ask(prompt, { stream_id })));
      await until("the first chunk", async () => (await generation(stream_id))["saved_bytes"] > 0);
      const cancel = (body?: object) =>
        api(other, "POST", `/v1/streams/${stream_id}/cancel`, ana, body);
      const { epoch } = await generation(stream_id);
      const stale = await cancel({ epoch: epoch + 1 });
      assert.equal(stale.body.cancel_requested, false);
      const beganMs = performance.now();
      const { status, body } = await cancel({ epoch });
      assert.deepEqual([status, body.cancel_requested], [200, true]);
      await until("the model's connection to close", () => model().replies(prompt)[0]!.isClosed);
      assert.ok(performance.now() - beganMs < 7_000, "within the gap between two saves");
      assert.equal((await ended(stream_id))["status"], "stopped");
      const end = { stream_id, finish_reason: "cancelled" };
      const told = await reading;
      assert.deepEqual([told.text, told.done], ["Well,", end]);
      assert.equal((await cancel()).body.status, "stopped");
      const again = await readRelay(await resume(stream_id, "", {}, other));
      assert.deepEqual([again.text, again.done], ["Well,", end]);
    });

    test("a running stream is read on", async () => {
      const prompt = words("Slowly.");
      const gate = makeGate();
      model().script(prompt, async (reply) => {
        reply.text("Slow");
        await gate.opened;
        reply.text(" and steady.");
        reply.finish();
      });
      const stream_id = `s-${randomUUID()}`;
      const reading = readRelay(await start(ask(prompt, { stream_id })));
      await until("the first chunk", async () => (await generation(stream_id))["saved_bytes"] > 0);
      const following = resume(stream_id, "?after=2", {}, other).then((response) => readRelay(response));
      gate.open();
      assert.equal((await following).text, "ow and steady.");
      assert.equal((await reading).text, "Slow and steady.");
    });
  });

  test("five requests a minute, and headers that say so", async () => {
    const strict = await Stack.start(stack().runtime, stack().backend, () => ({
      MODEL_STREAM: "local:scripted",
    }));
    try {
      const bob = await signUp(strict);
      const { bot_id } = await makeBot(strict, bob);
      for (let left = 4; left >= -1; left -= 1) {
        const prompt = words(`Left: ${left}.`);
        model().tell(prompt, ["Fine."]);
        const response = await open(strict, "POST", "/v1/stream", bob, {
          bot_id,
          conversation_id,
          prompt,
        });
        const { headers, status } = response;
        assert.equal(status, left >= 0 ? 200 : 429);
        assert.equal(headers.get("ratelimit-limit"), "5");
        assert.equal(headers.get("ratelimit-remaining"), String(Math.max(left, 0)));
        assert.ok(Number(headers.get("ratelimit-reset")) > 0);
        if (left >= 0) await readRelay(response);
        else {
          assert.ok(Number(headers.get("retry-after")) <= 12);
          assert.equal(((await response.json()) as Row)["code"], "rate_limited");
          assert.equal(model().replies(prompt).length, 0);
        }
      }
    } finally {
      await strict.stop();
    }
  });

  test("metrics are for the operator, in Prometheus' format", async () => {
    const secret = { apikey: stack().backend.keys.secretKey };
    const metrics = await api(stack(), "GET", "/metrics", undefined, undefined, secret);
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
    assert.match(metrics.body, /^# TYPE fabula_turns_total counter$/m);
    assert.match(metrics.body, /^fabula_turns_total\{.*kind="relay".*\} \d+$/m);
    assert.equal((await api(stack(), "GET", "/metrics", ana)).status, 401);
    // The token before may read them while it is rotated.
    for (const [token, status] of [["metrics-new", 200], ["metrics-old", 200], ["metrics-older", 401]] as const) {
      const authorization = { authorization: `Bearer ${token}` };
      assert.equal((await api(stack(), "GET", "/metrics", undefined, undefined, authorization)).status, status, token);
    }
    assert.equal((await api(stack(), "GET", "/metrics", undefined)).status, 401);
  });

  test("a public bot answers everybody, and tells nobody its instructions", async () => {
    const bob = await signUp(stack());
    const mine = await makeBot(stack(), ana, { system: "A secret persona." });
    const asked = { ...ask(words("Hello?")), bot_id: mine["bot_id"] };
    const hidden = await api(stack(), "POST", "/v1/stream", bob, asked);
    assert.deepEqual([hidden.status, hidden.body.code], [404, "not_found"]);
    await api(stack(), "PATCH", `/v1/bots/${mine["bot_id"]}`, ana, { is_public: true });
    model().tell(asked.prompt, ["Hello."]);
    assert.equal((await readRelay(await open(stack(), "POST", "/v1/stream", bob, asked))).text, "Hello.");
    assert.equal(model().newest.request.messages[0]!.content, "A secret persona.");
    const seen = await api(stack(), "GET", `/v1/bots/${mine["bot_id"]}`, bob);
    assert.equal(seen.body.system, null);
    assert.equal(seen.body.host, null);
    const change = await api(stack(), "PATCH", `/v1/bots/${mine["bot_id"]}`, bob, { name: "Mine" });
    assert.equal(change.status, 403);
    // Not public any more, it is unknown to others.
    await api(stack(), "PATCH", `/v1/bots/${mine["bot_id"]}`, ana, { is_public: false });
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const body = method === "PATCH" ? { name: "Mine" } : undefined;
      assert.equal((await api(stack(), method, `/v1/bots/${mine["bot_id"]}`, bob, body)).status, 404, method);
    }
    assert.equal((await api(stack(), "DELETE", `/v1/bots/${mine["bot_id"]}`, ana)).status, 200);
    assert.equal((await api(stack(), "GET", `/v1/bots/${mine["bot_id"]}`, ana)).status, 404);
  });

  test("a key goes to the address that it is for, and nowhere else", async () => {
    const { baseUrl } = model();
    const keyOf = async (fields: Row) => {
      const { bot_id } = await makeBot(stack(), ana, fields);
      const prompt = words(`Whose key? ${JSON.stringify(fields)}`);
      model().tell(prompt, ["Ours."]);
      await readRelay(await start({ ...ask(prompt), bot_id }));
      return model().newest.authorization;
    };
    const access_key = `sk-own-${randomUUID()}`;
    stack().backend.secrets.add(access_key);
    assert.equal(await keyOf({}), `Bearer ${PROVIDER_KEY}`);
    assert.equal(await keyOf({ access_path: baseUrl, access_key }), `Bearer ${access_key}`);
    assert.equal(await keyOf({ access_path: `${baseUrl}/chat/completions` }), undefined);
    // The address of `local` is the deployment's, which is no place for a bot's key.
    const homeless = await makeBot(stack(), ana, { access_key });
    const prompt = words("Whose address?");
    const told = await readRelay(await start({ ...ask(prompt), bot_id: homeless["bot_id"] }));
    assert.equal(told.error!.code, "no_provider");
    assert.notEqual(model().newest.authorization, `Bearer ${access_key}`);
    const listed = await api(stack(), "GET", "/v1/bots?limit=100", ana);
    assert.equal(JSON.stringify(listed.body).includes(access_key), false);
  });

  test("a bot's own key is stored encrypted, and the encryption key is rotated", async () => {
    const { backend, runtime } = stack();
    const { baseUrl } = model();
    const access_key = `sk-kept-${randomUUID()}`;
    const newest = NEWEST_ENCRYPTION_KEY;
    for (const secret of [access_key, newest]) backend.secrets.add(secret);
    const { bot_id } = await makeBot(stack(), ana, { access_path: baseUrl, access_key });
    const stored = async (): Promise<Row> => {
      const response = await fetch(`${backend.databaseUrl}/rest/v1/rpc/read_outdated_bot_keys`, {
        method: "POST",
        headers: { apikey: backend.keys.secretKey, "content-type": "application/json" },
        body: JSON.stringify({ request: { key_id: "none", after_bot_id: 0, max_keys: 1000 } }),
      });
      const text = await response.text();
      for (const secret of [access_key, newest, backend.keys.encryptionKey]) assert.ok(!text.includes(secret));
      return JSON.parse(text).keys.find((key: Row) => key["bot_id"] === bot_id)["access_key"];
    };
    const askAt = async (at: Stack) => {
      const prompt = words(`Whose turn? ${randomUUID()}`);
      model().tell(prompt, ["Mine."]);
      const response = await open(at, "POST", "/v1/stream", ana, { ...ask(prompt), bot_id });
      const events = await readRelay(response);
      return events.error?.code ?? model().newest.authorization;
    };
    const rotateAt = (at: Stack, key: string) =>
      fetch(`${at.url}/functions/v1/admin/encryption/rotate`, { method: "POST", headers: { apikey: key } });
    const first = await stored();
    assert.match(first["key_id"], /^[0-9a-f]{16}$/);
    assert.equal(await askAt(stack()), `Bearer ${access_key}`);

    const both = await Stack.start(runtime, backend, () => ({
      ...settings(),
      FABULA_ENCRYPTION_KEY: newest,
      FABULA_PREVIOUS_ENCRYPTION_KEY: backend.keys.encryptionKey,
    }));
    const alone = await Stack.start(runtime, backend, () => ({ ...settings(), FABULA_ENCRYPTION_KEY: newest }));
    try {
      assert.equal(await askAt(both), `Bearer ${access_key}`, "two keys while it is rotated");
      assert.equal(await askAt(alone), "no_encryption_key");
      assert.equal((await rotateAt(both, backend.keys.publishableKey)).status, 401);
      const blind = (await (await rotateAt(alone, backend.keys.secretKey)).json()) as Row;
      assert.equal(blind["rewritten"], 0);
      assert.ok(blind["unreadable"] >= 1 && blind["left"] === blind["unreadable"], JSON.stringify(blind));
      assert.deepEqual(await stored(), first);

      const rotated = (await (await rotateAt(both, backend.keys.secretKey)).json()) as Row;
      assert.deepEqual(rotated, { rewritten: blind["left"], unreadable: 0, left: 0, after_bot_id: null });
      assert.notEqual((await stored())["key_id"], first["key_id"]);
      assert.equal(await askAt(alone), `Bearer ${access_key}`, "the key before can be taken away");
      const again = (await (await rotateAt(alone, backend.keys.secretKey)).json()) as Row;
      assert.deepEqual(again, { rewritten: 0, unreadable: 0, left: 0, after_bot_id: null });
      for (const { lines } of [stack(), both, alone]) assert.deepEqual(backend.secrets.foundIn(lines), []);
    } finally {
      await both.stop();
      await alone.stop();
    }
  });

  test("strangers ask a public bot so often and no more; its owner goes on", async () => {
    const FABULA_LIMITS = JSON.stringify({ public_bot: { requests: 1, window_seconds: 3600 } });
    const limited = await Stack.start(stack().runtime, stack().backend, () => ({ ...settings(), FABULA_LIMITS }));
    try {
      const bob = await signUp(stack());
      const mine = await makeBot(limited, ana, { is_public: true });
      const askAs = (person: Person) => {
        const prompt = words(`May I? ${randomUUID()}`);
        model().tell(prompt, ["Yes."]);
        return open(limited, "POST", "/v1/stream", person, { ...ask(prompt), bot_id: mine["bot_id"] });
      };
      assert.equal((await readRelay(await askAs(bob))).text, "Yes.");
      const refused = await askAs(bob);
      const problem = (await refused.json()) as Row;
      assert.deepEqual([refused.status, problem["code"], problem["scope"]], [429, "rate_limited", "public_bot"]);
      assert.ok(Number(refused.headers.get("retry-after")) > 0);
      assert.equal((await readRelay(await askAs(ana))).text, "Yes.");
    } finally {
      await limited.stop();
    }
  });

  test("a bot that may not be asked is refused when it is written, and when it is asked", async () => {
    for (const fields of [
      { access_path: "http://10.0.0.1/v1" },
      { access_path: "http://localhost:1/v1" },
      { access_path: "https://example.com/v1" },
      { provider: "nobody" },
      { model: "" },
      { access_key: "two words" },
    ]) {
      const body = { model: "scripted", ...fields };
      const { status } = await api(stack(), "POST", "/v1/bots", ana, body);
      assert.equal(status, 422, JSON.stringify(fields));
      const path = `/v1/bots/${bot["bot_id"]}`;
      assert.equal((await api(stack(), "PATCH", path, ana, fields)).status, 422);
    }
    const prompt = words("Are you there?");
    const keyless = await makeBot(stack(), ana, { provider: "openai", access_path: model().baseUrl });
    const response = await start({ ...ask(prompt), bot_id: keyless["bot_id"] });
    const stream_id = response.headers.get("x-stream-id")!;
    const events = await readRelay(response);
    assert.equal(events.error!.code, "no_provider");
    const row = await generation(stream_id);
    assert.deepEqual([row["status"], row["error_code"]], ["failed", "no_provider"]);
    // The conversation is not blocked by it.
    model().tell(words("Then you?"), ["Yes."]);
    assert.equal((await readRelay(await start(ask(words("Then you?"))))).text, "Yes.");
  });
}, { settings });
