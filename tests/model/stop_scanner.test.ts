import assert from "node:assert/strict";
import { test } from "node:test";
import { StopScanner } from "../../scripts/local/model/stop_scanner.ts";

/**
 * The text that is shown of a text that arrives in pieces of one length, including the kept end.
 */
function show(
  text: string,
  stops: string[],
  pieceLength: number,
): { shown: string; stopped: boolean } {
  const scanner = new StopScanner(stops);
  let shown = "";
  for (let at = 0; at < text.length; at += pieceLength)
    shown += scanner.push(text.slice(at, at + pieceLength));
  return { shown: shown + scanner.flush(), stopped: scanner.stopped };
}

test("a text ends where the first stop text begins, however it is cut into pieces", () => {
  const text = "one, two, three, four, five";
  for (let length = 1; length <= text.length; length++) {
    assert.deepEqual(show(text, ["five", "three, f"], length), {
      shown: "one, two, ",
      stopped: true,
    });
  }
});

test("a beginning of a stop text that does not go on is shown", () => {
  for (let length = 1; length <= 12; length++) {
    assert.deepEqual(show("aab aab aaba", ["aabb"], length), {
      shown: "aab aab aaba",
      stopped: false,
    });
  }
});

test("only what may be the beginning of a stop text is kept back", () => {
  const scanner = new StopScanner(["\n\nUser:", "END"]);
  assert.equal(scanner.push("Good night.\n"), "Good night.");
  assert.equal(scanner.push("She left"), "\nShe left");
  assert.equal(scanner.push(" the E"), " the ");
  assert.equal(scanner.push("ast"), "East");
  assert.equal(scanner.flush(), "");
});

test("after the stop nothing more is shown", () => {
  const scanner = new StopScanner(["."]);
  assert.equal(scanner.push("Yes. No"), "Yes");
  assert.equal(scanner.push(" more"), "");
  assert.equal(scanner.flush(), "");
});
