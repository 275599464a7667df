// The numbers that guests keep for later requests of the isolate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { recall, remember } from "../../wasm/host/isolate-memory.ts";

test("a number is kept under its name, until it is replaced", () => {
  assert.equal(recall("unknown"), 0);
  remember("a", 5);
  remember("b", 0xffffffff);
  remember("a", 7);
  assert.deepEqual([recall("a"), recall("b")], [7, 0xffffffff]);
});

test("the newest few hundred are kept, and no name of any length", () => {
  remember("first", 1);
  for (let i = 0; i < 1300; ++i) {
    remember(`later ${i}`, i + 1);
    // From then on it is a new one again.
    if (i === 600 || i === 1000) remember("again", i);
  }
  assert.equal(recall("first"), 0);
  assert.equal(recall("later 500"), 0);
  for (let i = 900; i < 1300; ++i) assert.equal(recall(`later ${i}`), i + 1);
  assert.equal(recall("again"), 1000);
  remember("x".repeat(5000), 1);
  assert.equal(recall("x".repeat(5000)), 0);
});
