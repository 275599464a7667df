// Runs CTest with the arguments, and prints the seconds of each suite and the seeds of random runs
// before CTest's own summary: node scripts/steps/run-ctest.mjs RESULTS ARGUMENT...
// RESULTS is the JUnit file that CTest writes. Ends with CTest's exit status.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";

const [results, ...given] = process.argv.slice(2);
rmSync(results, { force: true });
// The tests' output is kept whole, so that no seed is cut off.
const mostBytes = "10000000";
const options = ["--output-junit", results, "--no-label-summary"];
options.push("--test-output-size-passed", mostBytes, "--test-output-size-failed", mostBytes);
const ctest = spawn("ctest", [...options, ...given], { stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve, reject) => {
  ctest.once("error", reject);
  ctest.once("exit", resolve);
});
const interrupt = (signal) => void process.on(signal, () => ctest.kill(signal));
interrupt("SIGINT");
interrupt("SIGTERM");

const summary = [];
for await (const line of createInterface({ input: ctest.stdout })) {
  if (summary.length > 0 || /^\d+% tests passed/.test(line)) summary.push(line);
  else console.log(line);
}
const status = await ended;
if (existsSync(results)) tell(readResults(readFileSync(results, "utf8")));
if (summary.length > 0) console.log(summary.join("\n"));
process.exitCode = status ?? 1;

/** Each test's name, seconds and output. */
function readResults(xml) {
  return xml.split("<testcase ").slice(1).map((test) => {
    const [, name, seconds] = /^name="([^"]*)"[^>]*? time="([^"]*)"/.exec(test);
    const [, output = ""] = /<system-out>([^]*?)<\/system-out>/.exec(test) ?? [];
    return { name: unescape(name), seconds: Number(seconds), output: unescape(output) };
  });
}

function unescape(text) {
  const characters = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => characters[name]);
}

/** `unit` and `sim` are one suite each, with a test for each file. */
function suiteOf(name) {
  const [kind] = name.split("/");
  return kind === "unit" || kind === "sim" ? kind : name;
}

function tell(tests) {
  if (tests.length === 0) return;
  const seconds = new Map();
  for (const test of tests) seconds.set(suiteOf(test.name), (seconds.get(suiteOf(test.name)) ?? 0) + test.seconds);
  const slowestFirst = [...seconds].sort(([, one], [, other]) => other - one);
  console.log("\nSeconds of each suite, slowest first (some run beside each other):");
  for (const [suite, taken] of slowestFirst) console.log(`${taken.toFixed(1).padStart(8)}  ${suite}`);

  const seeds = tests.flatMap(({ name, output }) =>
    [...output.matchAll(/^(?:# )?seed: (.*)$/gm)].map(([, told]) => `  ${name}: ${told}`),
  );
  if (seeds.length > 0) console.log(`\nSeeds of chance runs:\n${[...new Set(seeds)].join("\n")}`);
  console.log("");
}
