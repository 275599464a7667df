// A build folder belongs to the checkout in which it was made.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const PRESETS = {
  version: 6,
  configurePresets: [{ name: "small", generator: "Ninja", binaryDir: "${sourceDir}/build/small" }],
};

test("a copied checkout is built in its own place, and is configured once", (context) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "fabula-configure-")));
  context.after(() => rmSync(folder, { recursive: true }));
  const [first, copy] = [join(folder, "first"), join(folder, "copy")];
  mkdirSync(join(first, "scripts/steps"), { recursive: true });
  cpSync("scripts/steps/configure", join(first, "scripts/steps/configure"));
  writeFileSync(join(first, "CMakeLists.txt"), "cmake_minimum_required(VERSION 3.25)\nproject(small LANGUAGES NONE)\n");
  writeFileSync(join(first, "CMakePresets.json"), JSON.stringify(PRESETS));
  const configure = (checkout: string) =>
    execFileSync(join(checkout, "scripts/steps/configure"), ["small"], { encoding: "utf8" });

  assert.notEqual(configure(first), "");
  assert.equal(configure(first), "", "it is configured already");
  cpSync(first, copy, { recursive: true, preserveTimestamps: true });
  writeFileSync(join(copy, "build/small/old"), "");
  assert.notEqual(configure(copy), "");
  assert.match(readFileSync(join(copy, "build/small/CMakeCache.txt"), "utf8"), new RegExp(`HOME_DIRECTORY:INTERNAL=${copy}$`, "m"));
  assert.ok(!existsSync(join(copy, "build/small/old")), "nothing of the other checkout's build is left");
  assert.equal(configure(copy), "");
});
