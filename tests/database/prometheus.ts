// Prometheus' text format 0.0.4, read strictly by its description, with its own linter's rules for
// names and units. Any fault of the text fails an assertion.
import assert from "node:assert/strict";

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Metric {
  type: string;
  help: string;
  samples: Sample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = String.raw`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\[\\"n])*)"`;
const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN`;
const HELP_LINE = new RegExp(String.raw`^# HELP (${NAME}) ((?:[^\\\n]|\\[\\n])+)$`);
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE_LINE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (${NUMBER})$`);
const SUFFIXES: Record<string, string[]> = { histogram: ["_bucket", "_sum", "_count"] };

const unescaped = (text: string) =>
  text.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));

const toNumber = (text: string) => Number(text.replace(/Inf$/, "Infinity"));

/** The sample's labels, those of the names in `without` left out, as a text to compare. */
const keyOf = ({ labels }: Sample, without: string[] = []) =>
  JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => !without.includes(name))
      .sort(),
  );

function readSample(line: string): Sample {
  const [, name, list, ...rest] = SAMPLE_LINE.exec(line) ?? assert.fail(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  for (const [, label, value] of (list ?? "").matchAll(new RegExp(LABEL, "g"))) {
    assert.ok(!(label! in labels), `a label twice: ${line}`);
    assert.ok(!label!.startsWith("__"), `a reserved label: ${line}`);
    labels[label!] = unescaped(value!);
  }
  return { name: name!, labels, value: toNumber(rest.at(-1)!) };
}

function checkHistogram(name: string, samples: Sample[]): void {
  const keys = new Set(samples.map((sample) => keyOf(sample, ["le"])));
  for (const key of keys) {
    const own = samples.filter((sample) => keyOf(sample, ["le"]) === key);
    const of = (suffix: string) => own.filter((sample) => sample.name === name + suffix);
    const bounds = of("_bucket").map(({ labels }) => toNumber(labels["le"] ?? ""));
    const counts = of("_bucket").map(({ value }) => value);
    assert.ok(
      bounds.every((bound, place) => place === 0 || bound > bounds[place - 1]!),
      name,
    );
    assert.equal(bounds.at(-1), Infinity, `${name}${key} has no last bucket`);
    assert.ok(
      counts.every((count, place) => place === 0 || count >= counts[place - 1]!),
      name,
    );
    const [counted, sum] = [of("_count"), of("_sum")];
    assert.deepEqual([counted.length, sum.length], [1, 1], `${name}${key}`);
    assert.equal(counted[0]!.value, counts.at(-1), `${name}_count${key}`);
    for (const { labels } of [...counted, ...sum]) assert.ok(!("le" in labels), name);
  }
}

function checkMetric(name: string, { type, samples }: Metric): void {
  const keys = samples.map((sample) => sample.name + keyOf(sample));
  assert.equal(new Set(keys).size, keys.length, `${name} tells something twice`);
  assert.equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
  assert.doesNotMatch(name, /_(ms|milliseconds|minutes|hours|kb|count|sum|bucket)$/, name);
  for (const { name: told, labels, value } of samples) {
    assert.ok(type === "histogram" || !("le" in labels), `${name} has buckets`);
    if (type === "gauge" || told.endsWith("_sum")) assert.ok(Number.isFinite(value), told);
    else assert.ok(Number.isSafeInteger(value) && value >= 0, `${told} is ${value}`);
  }
  if (type === "histogram") checkHistogram(name, samples);
}

/** The metrics by their names. */
export function parseMetrics(text: string): Map<string, Metric> {
  assert.ok(text.endsWith("\n"), "the last line has no end");
  const metrics = new Map<string, Metric>();
  let help: RegExpExecArray | null = null;
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const type = TYPE_LINE.exec(line);
    if (help !== null) {
      assert.equal(type?.[1], help[1], `no type after the help of ${help[1]}`);
      current = help[1]!;
      assert.ok(!metrics.has(current), `${current} is told twice`);
      metrics.set(current, { type: type![2]!, help: unescaped(help[2]!), samples: [] });
      help = null;
    } else if (line.startsWith("#")) {
      help = HELP_LINE.exec(line);
      assert.ok(help, `neither help nor a type after it: ${line}`);
    } else {
      const sample = readSample(line);
      const metric = metrics.get(current) ?? assert.fail(`a sample before any type: ${line}`);
      const names = (SUFFIXES[metric.type] ?? [""]).map((suffix) => current + suffix);
      assert.ok(names.includes(sample.name), `a sample among those of ${current}: ${line}`);
      metric.samples.push(sample);
    }
  }
  assert.equal(help, null, "a help without a type");
  for (const [name, metric] of metrics) checkMetric(name, metric);
  return metrics;
}

/** The sum of the samples of this name that have these labels. */
export function total(
  metrics: Map<string, Metric>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ""));
  assert.ok(metric, `there is no ${name}`);
  return metric.samples
    .filter((sample) => sample.name === name)
    .filter((sample) =>
      Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
    .reduce((sum, { value }) => sum + value, 0);
}
