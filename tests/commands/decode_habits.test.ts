// Every hand-written body of tests/habits, as the command shows it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { decode, type End } from "./fabula_decode.ts";

interface Expected extends Omit<End, "type" | "error"> {
  error: string | null;
}

for (const format of ["openai", "anthropic", "gemini"]) {
  for (const file of readdirSync(`tests/habits/${format}`)) {
    test(`${format}: ${file}`, () => {
      const body = readFileSync(`tests/habits/${format}/${file}`, "utf8");
      const expectation = /^: expect (.*)$/m.exec(body)?.[1];
      const { error, ...expected } = JSON.parse(expectation ?? "null") as Expected;
      const { type, error: shown, ...end } = decode(format, body, 7).end;
      assert.equal(type, "end");
      assert.deepEqual(end, expected);
      if (error === null) assert.equal(shown, null);
      else assert.ok(shown?.message.includes(error), shown?.message);
    });
  }
}
