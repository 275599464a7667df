// The deployment's metrics, in either database. Other tests share it: numbers are compared with
// earlier ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, newExternal, personOf } from "./accounts.ts";
import { split } from "./at_once.ts";
import { ask } from "./lists.ts";
import { parseMetrics, total, type Metric } from "./prometheus.ts";
import type { Target } from "./target.ts";
import { claim, conversation, turnOf } from "./tasks.ts";
import { append, begin, finish, newUser, only, silence } from "./turns.ts";

type Metrics = Map<string, Metric>;

const METRICS = {
  fabula_background_tasks: "gauge",
  fabula_cleaning_backlog: "gauge",
  fabula_first_token_seconds: "histogram",
  fabula_generations_running: "gauge",
  fabula_model_calls_total: "counter",
  fabula_model_cost_usd_total: "counter",
  fabula_principals: "gauge",
  fabula_rate_limited_total: "counter",
  fabula_saves_total: "counter",
  fabula_tokens_total: "counter",
  fabula_turn_duration_seconds: "histogram",
  fabula_turns_total: "counter",
};
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300, Infinity];

export function describeMetrics(target: () => Target): void {
  const readNow = async (): Promise<string> => (await target().call("read_metrics", {}))["text"];
  /** Pretends that the cache has expired. */
  async function readText(): Promise<string> {
    const where = { is_the_only_row: true };
    await target().update("metrics_cache", where, { made_at: "2020-01-01T00:00:00Z" });
    return readNow();
  }
  const read = async (): Promise<Metrics> => parseMetrics(await readText());
  /** The increase of a metric. */
  const added = (before: Metrics, after: Metrics, name: string, labels = {}): number =>
    total(after, name, labels) - total(before, name, labels);
  const ofModel = (metrics: Metrics, name: string, model: string) =>
    metrics
      .get(name)!
      .samples.filter(({ labels }) => labels["model"] === model)
      .map(({ labels: { model: _, ...labels }, value }) => ({ ...labels, value }));

  test("all metrics are told with their types, in text that Prometheus reads", async () => {
    await finish(target(), await begin(target(), newUser()));
    const metrics = await read();
    const types = [...metrics].map(([name, { type }]) => [name, type]);
    assert.deepEqual(Object.fromEntries(types), METRICS);
  });

  test("turns are counted by kind, provider, model and status, with tokens and saves", async () => {
    const before = await read();
    const user = newUser();
    const model = `counted-${Date.now()}`;
    for (const status of ["complete", "complete", "stopped"]) {
      const turn = await begin(target(), user, { kind: "companion", model });
      await append(target(), turn, 0, "There ");
      await append(target(), turn, 6, "");
      await append(target(), turn, 6, "was ");
      await finish(target(), turn, { status, from_offset: 10, text: "a fox.", model });
    }
    const silent = await begin(target(), user, { kind: "companion", model, provider: null });
    await append(target(), silent, 0, "There was ");
    await silence(target(), silent, 61);
    await target().call("reap_generations", {});
    const metrics = await read();
    const [local, unknown] = ["local", "unknown"].map((provider) => ({
      kind: "companion",
      provider,
    }));
    assert.deepEqual(ofModel(metrics, "fabula_turns_total", model), [
      { ...local, status: "complete", value: 2 },
      { ...local, status: "stopped", value: 1 },
      { ...unknown, status: "interrupted", value: 1 },
    ]);
    assert.deepEqual(ofModel(metrics, "fabula_tokens_total", model), [
      { ...local, direction: "input", value: 33 },
      { ...local, direction: "output", value: 15 },
      { ...unknown, direction: "input", value: 0 },
      { ...unknown, direction: "output", value: 7 },
    ]);
    assert.equal(added(before, metrics, "fabula_saves_total"), 7);
    assert.deepEqual(await target().select("turn_ends", { model }), []);
  });

  test("a model may have any name", async () => {
    const model = `\\a\\ "b"\n\n{c="d"} \\n # ${Date.now()} ü\r\t`;
    await finish(target(), await begin(target(), newUser()), { model });
    const [turns, ...others] = ofModel(await read(), "fabula_turns_total", model);
    assert.deepEqual([turns?.value, others], [1, []]);
  });

  test("histograms count what is at most each bound, by kind", async () => {
    const before = await read();
    const user = newUser();
    for (const first_token_ms of [0, 50, 51, 250, 300_000, 300_001, null]) {
      const turn = await begin(target(), user, { kind: "realtime" });
      await finish(target(), turn, { first_token_ms, latency_ms: 1000 });
    }
    const after = await read();
    const kind = "realtime";
    for (const [name, buckets, sum] of [
      ["fabula_first_token_seconds", [2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6], 600.352],
      ["fabula_turn_duration_seconds", [0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7], 7],
    ] as const) {
      const told = after.get(name)!.samples.filter(({ labels }) => labels["kind"] === kind);
      const bounds = told.flatMap(({ labels }) => labels["le"] ?? []);
      assert.deepEqual(bounds, [...BOUNDS.slice(0, -1).map(String), "+Inf"]);
      assert.deepEqual(
        bounds.map((le) => added(before, after, `${name}_bucket`, { kind, le })),
        buckets,
      );
      assert.equal(Math.round(added(before, after, `${name}_sum`, { kind }) * 1000) / 1000, sum);
    }
  });

  test("running turns, principals and tasks are told as they are", async () => {
    const before = await read();
    const turn = await begin(target(), newUser(), { kind: "companion" });
    await begin(target(), newUser(), { kind: "companion" });
    await personOf(target(), newExternal());
    await guestOf(target());
    const { id } = await guestOf(target());
    await target().update("principals", { id }, { expires_at: "2020-01-01T00:00:00Z" });
    await finish(target(), turn);
    const user = newUser();
    const session_id = await conversation(target(), user, 8);
    await turnOf(target(), user, 9, 4, { session_id });
    const after = await read();
    const kind = "companion";
    assert.equal(added(before, after, "fabula_generations_running", { kind }), 1);
    const principals = (kind: string) => added(before, after, "fabula_principals", { kind });
    assert.deepEqual(["user", "external", "guest"].map(principals), [3, 1, 1]);
    const tasks = (status: string) => ({ kind: "session_summary", status });
    assert.equal(added(before, after, "fabula_background_tasks", tasks("queued")), 1);
    assert.ok((await claim(target())) !== null);
    const later = await read();
    assert.equal(added(after, later, "fabula_background_tasks", tasks("queued")), -1);
    assert.equal(added(after, later, "fabula_background_tasks", tasks("running")), 1);
  });

  test("what a rate limit has refused is counted, though the refusal takes all else back", async () => {
    const before = await read();
    const user = newUser();
    const rate_limit = { action: "chat", max_requests: 2, window_seconds: 3600 };
    const { refusals } = split(
      await Promise.allSettled(
        Array.from({ length: 5 }, () => begin(target(), user, { rate_limit })),
      ),
    );
    assert.deepEqual(refusals, Array(3).fill("rate_limited"));
    assert.equal(added(before, await read(), "fabula_rate_limited_total"), 3);
  });

  test("totals do not go down when people delete what they have", async () => {
    const model = `deleted-${Date.now()}`;
    const { principal } = await personOf(target(), newUser(), { model });
    const before = await read();
    await finish(target(), await begin(target(), principal, { model }));
    await ask(target(), principal, "delete_account");
    const after = await read();
    assert.equal(added(before, after, "fabula_turns_total"), 1);
    assert.equal(added(before, after, "fabula_tokens_total", { direction: "output" }), 5);
  });

  test("within 15 seconds the same text is told again", async () => {
    const first = await readText();
    await finish(target(), await begin(target(), newUser()));
    assert.equal(await readNow(), first);
    const made_at = new Date(Date.now() - 10_000).toISOString();
    await target().update("metrics_cache", { is_the_only_row: true }, { made_at });
    assert.equal(await readNow(), first);
    const later = await readText();
    assert.equal(added(parseMetrics(first), parseMetrics(later), "fabula_turns_total"), 1);
    const cache = await only(target(), "metrics_cache", { is_the_only_row: true });
    assert.equal(cache["text"], later);
  });

  test("more models than can be told apart are counted together", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { kind: "relay" });
    const { session_id } = turn;
    await finish(target(), turn);
    const before = await read();
    const told = (metrics: Metrics) =>
      new Set(
        metrics
          .get("fabula_turns_total")!
          .samples.map(({ labels: { kind, provider, model } }) => `${kind} ${provider} ${model}`),
      ).size;
    const room = 200 - told(before);
    const kept = `kept-${Date.now()}`;
    await finish(target(), await begin(target(), user, { session_id, kind: "relay" }), {
      model: kept,
    });
    await read();
    for (let index = 0; index < room + 4; index += 1) {
      await finish(target(), await begin(target(), user, { session_id, kind: "relay" }), {
        model: index < room + 3 ? `one-of-many-${index}` : kept,
      });
    }
    const after = await read();
    // `kept` has taken one place; those beyond the others are one entry more.
    assert.equal(told(after), 201);
    const turns = (labels: Record<string, string>) => total(after, "fabula_turns_total", labels);
    assert.equal(turns({ provider: "other", model: "other" }), 4);
    assert.equal(turns({ model: kept }), 2);
    assert.equal(added(before, after, "fabula_turns_total"), room + 5);
  });
}
