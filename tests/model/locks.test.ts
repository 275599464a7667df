import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("the lock files name every platform's packages, or npm ci would refuse them", () => {
  const { status, stderr } = spawnSync("node", ["scripts/steps/complete-locks.mjs", "--check"], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});
