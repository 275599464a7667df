// The quality of matching people: minimums below the results in tests/bench/README.md, so that a
// regression of a rule is noticed. tests/bench/dossier measures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCast } from "../bench/dossier/casts.ts";
import { byWork, goldOf, readDeliveries, recordsOf } from "../bench/dossier/deliveries.ts";
import type { Delivery } from "../bench/dossier/deliveries.ts";
import { noisy } from "../bench/dossier/noise.ts";
import { Random } from "../bench/dossier/random.ts";
import { bestAssignment, macro, score } from "../bench/dossier/scores.ts";
import { merge, partitionsOf, run, toLines } from "./fabula_dossier.ts";

const litbank = readDeliveries("tests/fixtures/litbank/deliveries.jsonl");
const casts = Array.from({ length: 12 }, (_, seed) => makeCast(70_000 + seed)).flat();

function scoresOf(deliveries: Delivery[]) {
  const partitions = partitionsOf(merge(toLines(deliveries)));
  const all = [...byWork(deliveries)].map(([work, its]) =>
    score(partitions.get(work)!, goldOf(recordsOf(its))),
  );
  return macro(all);
}

test("LitBank", () => {
  const { conll, bCubed } = scoresOf(litbank);
  assert.ok(conll >= 0.95, `CoNLL ${conll}`);
  assert.ok(bCubed.precision >= 0.97, `precision ${bCubed.precision}`);
});

test("LitBank, noisy", () => {
  for (const seed of [1, 2, 3]) {
    const { conll, bCubed } = scoresOf(noisy(litbank, new Random(seed)));
    assert.ok(conll >= 0.92, `CoNLL ${conll} of seed ${seed}`);
    assert.ok(bCubed.precision >= 0.95, `precision ${bCubed.precision} of seed ${seed}`);
  }
});

test("invented casts", () => {
  const { bCubed } = scoresOf(casts);
  assert.ok(bCubed.f >= 0.91, `B-cubed F ${bCubed.f}`);
  assert.ok(bCubed.precision >= 0.92, `precision ${bCubed.precision}`);
});

test("invented casts, noisy", () => {
  const { bCubed } = scoresOf(noisy(casts, new Random(5)));
  assert.ok(bCubed.f >= 0.87, `B-cubed F ${bCubed.f}`);
  assert.ok(bCubed.precision >= 0.91, `precision ${bCubed.precision}`);
});

test("twenty orders of arrival give the same bytes", () => {
  const lines = toLines([...litbank, ...noisy(casts, new Random(9))]);
  const { output } = run([], lines);
  for (let seed = 1; seed <= 20; ++seed) {
    assert.ok(run(["--shuffle", String(seed)], lines).output === output, `seed ${seed}`);
  }
});

test("deliveries that come twice change no byte", () => {
  const lines = toLines(litbank);
  assert.ok(run([], lines + lines).output === run([], lines).output);
});

test("the scores are those of a worked example", () => {
  // Luo (2005): twelve mentions of people of 5, 2 and 5; the two of 5 are merged.
  const ids = Array.from({ length: 12 }, (_, index) => String(index));
  const person = (index: number): string => (index < 5 ? "a" : index < 7 ? "b" : "c");
  const gold = new Map(ids.map((id, index) => [id, person(index)]));
  const made = new Map(ids.map((id, index) => [id, person(index) === "b" ? "b" : "ac"]));
  const { muc, bCubed, ceafe } = score(made, gold);
  assert.ok(Math.abs(muc.precision - 9 / 10) < 1e-12);
  assert.equal(muc.recall, 1);
  assert.ok(Math.abs(bCubed.precision - (10 * 0.5 + 2) / 12) < 1e-12);
  assert.equal(bCubed.recall, 1);
  assert.ok(Math.abs(ceafe.precision - (1 + 10 / 15) / 2) < 1e-12);
  assert.ok(Math.abs(ceafe.recall - (1 + 10 / 15) / 3) < 1e-12);
  assert.equal(
    bestAssignment([
      [3, 2],
      [2, 0],
      [1, 1],
    ]),
    4,
  );
});
