// sse::Decoder against eventsource-parser, on bodies by chance that are cut anywhere.
//
//   CASES=1000000 SEED=7 tests/sse_oracle/run
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { randomNumbers, tellSeed } from "../random_numbers.ts";
import { randomBody, type CutBody } from "./random_bodies.ts";
import { readReference, type Read } from "./reference.ts";

const CASES = Number(process.env["CASES"] ?? 10_000);
const SEED = Number(process.env["SEED"] ?? 1);
tellSeed(`CASES=${CASES} SEED=${SEED}`);
const CASES_AT_ONCE = 5_000;

function asInput({ body, lengths }: CutBody): Buffer {
  const input = Buffer.alloc(4 + 4 * lengths.length + body.length);
  let at = input.writeUInt32LE(lengths.length);
  let begin = 0;
  for (const length of lengths) {
    at = input.writeUInt32LE(length, at);
    body.copy(input, at, begin, begin + length);
    at += length;
    begin += length;
  }
  return input;
}

/** A line of JSON for each. */
function readWithDecoder(bodies: CutBody[]): string[] {
  const input = Buffer.concat(bodies.map(asInput));
  const { status, stdout, stderr } = spawnSync(process.env["SSE_EVENTS"]!, { input, maxBuffer: 1 << 28 });
  assert.equal(status, 0, stderr.toString());
  return stdout.toString().split("\n").slice(0, -1);
}

test(`${CASES} streams cut anywhere, against eventsource-parser (SEED=${SEED})`, () => {
  let events = 0;
  let withEvents = 0;
  for (let first = 0; first < CASES; first += CASES_AT_ONCE) {
    const bodies = Array.from({ length: Math.min(CASES_AT_ONCE, CASES - first) }, (_, index) =>
      randomBody(randomNumbers(SEED * 10_000_019 + first + index)),
    );
    const lines = readWithDecoder(bodies);
    assert.equal(lines.length, bodies.length);
    bodies.forEach(({ body, lengths }, index) => {
      const expected = readReference(body);
      events += expected.events.length;
      if (expected.events.length > 0) withEvents += 1;
      if (lines[index] === JSON.stringify(expected)) return;
      const name = `case ${first + index}, pieces of ${lengths.join(" ")} bytes: ${body.toString("hex")}`;
      assert.deepEqual(JSON.parse(lines[index]!) as Read, expected, name);
    });
  }
  // Most say something, and many say more than one thing.
  assert.ok(withEvents > CASES / 3, `${withEvents} with events`);
  assert.ok(events > CASES / 2, `${events} events`);
});
