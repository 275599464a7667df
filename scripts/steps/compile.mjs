// node scripts/steps/compile.mjs BUILD_DIR
// Runs Ninja in BUILD_DIR, and reports its progress every few seconds. The compilers' output is
// printed unchanged.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const REPORT_GAP_MS = 8_000;
// Ninja begins each line about a step with this, then steps done and all steps.
const MARK = "fabula-step ";

const [directory] = process.argv.slice(2);
const started_ms = Date.now();
let progress = "looking for what has changed";

const ninja = spawn("cmake", ["--build", directory], {
  env: { ...process.env, NINJA_STATUS: `${MARK}%f %t ` },
  stdio: ["ignore", "pipe", "inherit"],
});
createInterface({ input: ninja.stdout }).on("line", (line) => {
  if (line.startsWith(MARK)) {
    const [, done, all, ...step] = line.split(" ");
    // CMake looks for new files before Ninja knows the steps.
    progress = step[0]?.startsWith("Re-") ? "looking for new files" : `${done} of ${all} steps`;
  } else if (line !== "ninja: no work to do.") {
    console.log(line);
  }
});
const reports = setInterval(() => {
  console.log(`build: ${progress} (${Math.round((Date.now() - started_ms) / 1000)} s)`);
}, REPORT_GAP_MS);
ninja.on("error", (error) => {
  console.error(`build: cmake cannot be started: ${error.message}`);
  process.exit(1);
});
ninja.on("close", (status) => {
  clearInterval(reports);
  process.exitCode = status ?? 1;
});
