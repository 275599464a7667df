// The reader of Prometheus' text format that the tests of metrics trust.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMetrics, total } from "./prometheus.ts";

const COUNTER = "# HELP a_total What.\n# TYPE a_total counter\n";
const HISTOGRAM = "# HELP b_seconds How long.\n# TYPE b_seconds histogram\n";
const bucket = (le: string, count: number) => `b_seconds_bucket{le="${le}"} ${count}\n`;

test("what is right is read", () => {
  const metrics = parseMetrics(
    String.raw`${COUNTER}a_total{model="a \"b\" \\ \n, c=\"d\"}",kind="x"} 7
a_total 1
`.concat(HISTOGRAM, bucket("0.5", 1), bucket("+Inf", 2), "b_seconds_sum 1.5\nb_seconds_count 2\n"),
  );
  assert.deepEqual(metrics.get("a_total"), {
    type: "counter",
    help: "What.",
    samples: [
      { name: "a_total", labels: { model: 'a "b" \\ \n, c="d"}', kind: "x" }, value: 7 },
      { name: "a_total", labels: {}, value: 1 },
    ],
  });
  assert.equal(total(metrics, "a_total"), 8);
  assert.equal(total(metrics, "a_total", { kind: "x" }), 7);
  assert.equal(total(metrics, "b_seconds_bucket", { le: "0.5" }), 1);
});

for (const [what, text] of [
  ["a line without an end", `${COUNTER}a_total 1`],
  ["an empty line", `${COUNTER}\na_total 1\n`],
  ["a sample without a type", "a_total 1\n"],
  ["a type without help", "# TYPE a_total counter\na_total 1\n"],
  ["another metric's sample", `${COUNTER}b_total 1\n`],
  ["a metric twice", `${COUNTER}a_total 1\n${COUNTER}`],
  ["a sample twice", `${COUNTER}a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 1\n`],
  ["a label twice", `${COUNTER}a_total{x="1",x="2"} 1\n`],
  ["a quote that is not escaped", `${COUNTER}a_total{x="a"b"} 1\n`],
  ["an escape that is none", `${COUNTER}a_total{x="a\\tb"} 1\n`],
  ["a label without quotes", `${COUNTER}a_total{x=1} 1\n`],
  ["empty braces", `${COUNTER}a_total{} 1\n`],
  ["no value", `${COUNTER}a_total \n`],
  ["a negative count", `${COUNTER}a_total -1\n`],
  ["half a count", `${COUNTER}a_total 0.5\n`],
  ["a counter that is not called total", "# HELP a What.\n# TYPE a counter\na 1\n"],
  ["a unit that is no base unit", "# HELP a_ms What.\n# TYPE a_ms gauge\na_ms 1\n"],
  ["no last bucket", `${HISTOGRAM}${bucket("1", 1)}b_seconds_sum 1\nb_seconds_count 1\n`],
  [
    "buckets that go down",
    `${HISTOGRAM}${bucket("1", 2)}${bucket("+Inf", 1)}b_seconds_sum 1\nb_seconds_count 1\n`,
  ],
  [
    "bounds that go down",
    `${HISTOGRAM}${bucket("2", 1)}${bucket("1", 1)}${bucket("+Inf", 1)}b_seconds_sum 1\nb_seconds_count 1\n`,
  ],
  ["another count", `${HISTOGRAM}${bucket("+Inf", 1)}b_seconds_sum 1\nb_seconds_count 2\n`],
  ["no sum", `${HISTOGRAM}${bucket("+Inf", 1)}b_seconds_count 1\n`],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseMetrics(text), assert.AssertionError);
  });
}
