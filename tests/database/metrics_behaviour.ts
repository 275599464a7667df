// The deployment's numbers, whichever database they are in. Other tests share it: what is told is
// compared with what was told before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, personOf } from "./accounts.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, newUser, only, silence } from "./turns.ts";

const KEYS = [
  "first_token_ms",
  "guests",
  "latency_ms",
  "made_at",
  "running",
  "turns",
  "users",
];

export function describeMetrics(target: () => Target): void {
  const readNow = () => target().call("read_metrics", {});
  /** As if the cache had run out. */
  async function read(): Promise<Row> {
    const where = { is_the_only_row: true };
    await target().update("metrics_cache", where, { made_at: "2020-01-01T00:00:00Z" });
    return readNow();
  }
  const turnsOf = (metrics: Row, wanted: Row): Row => {
    const matches = (entry: Row) =>
      Object.entries(wanted).every(([key, value]) => entry[key] === value);
    const entries: Row[] = metrics["turns"].filter(matches);
    const sum = (key: string) => entries.reduce((total, entry) => total + entry[key], 0);
    return {
      turns: sum("turns"),
      input_tokens: sum("input_tokens"),
      output_tokens: sum("output_tokens"),
      saves: sum("saves"),
    };
  };
  const histogram = (metrics: Row, name: string, kind: string): Row =>
    metrics[name].find((entry: Row) => entry["kind"] === kind) ?? {
      count: 0,
      sum_ms: 0,
      buckets: [],
    };
  const below = (entry: Row, le_ms: number): number =>
    entry["buckets"].find((bucket: Row) => bucket["le_ms"] === le_ms)?.count ?? 0;

  test("turns are counted by kind, provider, model and status, with tokens and saves", async () => {
    const before = await read();
    assert.deepEqual(Object.keys(before).sort(), KEYS);
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
    const entries = metrics["turns"].filter((entry: Row) => entry["model"] === model);
    assert.deepEqual(entries, [
      {
        kind: "companion",
        provider: "local",
        model,
        status: "complete",
        turns: 2,
        input_tokens: 22,
        output_tokens: 10,
        saves: 4,
      },
      {
        kind: "companion",
        provider: "local",
        model,
        status: "stopped",
        turns: 1,
        input_tokens: 11,
        output_tokens: 5,
        saves: 2,
      },
      {
        kind: "companion",
        provider: "unknown",
        model,
        status: "interrupted",
        turns: 1,
        input_tokens: 0,
        output_tokens: 7,
        saves: 1,
      },
    ]);
    assert.deepEqual(await target().select("turn_ends", { model }), []);
  });

  test("histograms count what is at most each bound, by kind", async () => {
    const before = await read();
    const user = newUser();
    const first = [0, 50, 51, 250, 300_000, 300_001, null];
    for (const first_token_ms of first) {
      const turn = await begin(target(), user, { kind: "realtime" });
      await finish(target(), turn, { first_token_ms, latency_ms: 1000 });
    }
    const after = await read();
    const added = (name: string, le_ms: number) =>
      below(histogram(after, name, "realtime"), le_ms) -
      below(histogram(before, name, "realtime"), le_ms);
    const bounds = histogram(after, "first_token_ms", "realtime")["buckets"].map(
      (bucket: Row) => bucket["le_ms"],
    );
    assert.deepEqual(
      bounds,
      [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 60_000, 120_000, 300_000],
    );
    assert.deepEqual(
      bounds.map((bound: number) => added("first_token_ms", bound)),
      [2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5],
    );
    assert.deepEqual(
      bounds.map((bound: number) => added("latency_ms", bound)),
      [0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7],
    );
    for (const [name, count, sum_ms] of [
      ["first_token_ms", 6, 600_352],
      ["latency_ms", 7, 7000],
    ] as const) {
      const [old, now] = [before, after].map((metrics) => histogram(metrics, name, "realtime"));
      assert.deepEqual(
        [now!["count"] - old!["count"], now!["sum_ms"] - old!["sum_ms"]],
        [count, sum_ms],
      );
    }
  });

  test("running turns, users and guests are told as they are", async () => {
    const before = await read();
    const running = (metrics: Row, kind: string) =>
      metrics["running"].find((entry: Row) => entry["kind"] === kind)?.turns ?? 0;
    const turn = await begin(target(), newUser(), { kind: "companion" });
    await begin(target(), newUser(), { kind: "companion" });
    await guestOf(target());
    const expired = await guestOf(target());
    const id = expired.id;
    await target().update("principals", { id }, { expires_at: "2020-01-01T00:00:00Z" });
    await finish(target(), turn);
    const after = await read();
    assert.equal(running(after, "companion") - running(before, "companion"), 1);
    assert.equal(after["users"] - before["users"], 2);
    assert.equal(after["guests"] - before["guests"], 1);
  });

  test("totals do not go down when people delete what they have", async () => {
    const model = `deleted-${Date.now()}`;
    const { principal } = await personOf(target(), newUser(), { model });
    const before = turnsOf(await read(), {});
    await finish(target(), await begin(target(), principal, { model }));
    await ask(target(), principal, "delete_account");
    const after = turnsOf(await read(), {});
    assert.equal(after["turns"], before["turns"] + 1);
    assert.equal(after["output_tokens"], before["output_tokens"] + 5);
  });

  test("within 15 seconds the same numbers are told again", async () => {
    const first = await read();
    await finish(target(), await begin(target(), newUser()));
    assert.deepEqual(await readNow(), first);
    const made_at = new Date(Date.now() - 10_000).toISOString();
    await target().update("metrics_cache", { is_the_only_row: true }, { made_at });
    assert.deepEqual(await readNow(), first);
    const later = await read();
    assert.equal(turnsOf(later, {})["turns"], turnsOf(first, {})["turns"] + 1);
    const cache = await only(target(), "metrics_cache", { is_the_only_row: true });
    assert.deepEqual(cache["metrics"], later);
  });

  test("more models than can be told apart are counted together", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { kind: "relay" });
    const { session_id } = turn;
    await finish(target(), turn);
    const before = await read();
    const told = (metrics: Row) =>
      new Set(metrics["turns"].map(({ kind, provider, model }: Row) => `${kind} ${provider} ${model}`))
        .size;
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
    assert.equal(turnsOf(after, { provider: "other", model: "other" })["turns"], 4);
    assert.equal(turnsOf(after, { model: kept })["turns"], 2);
    assert.equal(turnsOf(after, {})["turns"], turnsOf(before, {})["turns"] + room + 5);
  });
}
