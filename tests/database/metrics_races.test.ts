// The deployment's numbers while turns end, and asked for by many at once, on a real PostgreSQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isAsleep, soon, times, untilAsleep } from "./at_once.ts";
import { parseMetrics, total, type Metric } from "./prometheus.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { newUser, say } from "./turns.ts";

const TURNS = 60;

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const read = async () => parseMetrics((await target.call("read_metrics", {}))["text"]);
const expire = () =>
  target.update("metrics_cache", { is_the_only_row: true }, { made_at: "2020-01-01T00:00:00Z" });
const turnsOf = (metrics: Map<string, Metric>) => total(metrics, "fabula_turns_total");

test("the first numbers are made once, and all who ask at once get them", async () => {
  await say(target, newUser(), "Once?", "Once.");
  const answers = (await times(20, read)).map((result) =>
    result.status === "fulfilled" ? result.value : result.reason,
  );
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.equal(turnsOf(answers[0]), 1);
});

test(`of ${TURNS} turns that end while numbers are made again and again each counts once`, async () => {
  await expire();
  const before = turnsOf(await read());
  const seen: number[] = [];
  await Promise.all([
    times(TURNS, () => soon(800, () => say(target, newUser(), "Once?", "Once."))),
    ...Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 15; round += 1) {
        await expire();
        seen.push(turnsOf(await soon(40, read)));
      }
    }),
  ]);
  await expire();
  assert.equal(turnsOf(await read()), before + TURNS);
  console.log(`${new Set(seen).size} different counts were told`);
  assert.ok(new Set(seen).size > 2, `${seen}`);
  assert.deepEqual(await target.asOwner("select from public.turn_ends"), []);
});

test("who asks while new numbers are made gets the ones before, and does not wait", async () => {
  const old = await read();
  await expire();
  const work = target.tryAs(
    "service_role",
    "select from public.metrics_cache for update; select pg_sleep(1.5)",
  );
  await untilAsleep(target);
  assert.deepEqual(await read(), old);
  assert.ok(await isAsleep(target), "they are still made");
  await work;
});
