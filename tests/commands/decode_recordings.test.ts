import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "./fabula_decode.ts";
import { recordings } from "./recordings.ts";

test("there are ten recordings, of every wire format", () => {
  assert.equal(recordings.length, 10);
  assert.equal(new Set(recordings.map(({ format }) => format)).size, 3);
});

for (const { name, format, frames, end } of recordings) {
  for (const chunkBytes of [undefined, 7, 1]) {
    test(`${name} in pieces of ${chunkBytes ?? "all"} bytes is what was recorded`, () => {
      assert.deepEqual(decode(format, frames.join(""), chunkBytes).end, end);
    });
  }

  test(`${name} without its last half is incomplete, with the text so far`, () => {
    const body = frames.join("");
    const broken = decode(format, body.slice(0, body.length / 2)).end;
    assert.equal(broken.complete, false);
    assert.equal(broken.finish_reason, null);
    assert.ok(end.text.startsWith(broken.text) && end.reasoning.startsWith(broken.reasoning));
    assert.match(broken.error?.message ?? "", /provider_incomplete/);
  });

  test(`${name} with an error after its first chunk is not complete`, () => {
    const error = 'data: {"type":"error","error":{"type":"server_error","message":"secret"}}';
    const [first = "", ...rest] = frames;
    const broken = decode(format, `${first}event: error\n${error}\n\n${rest.join("")}`).end;
    assert.equal(broken.complete, false);
    assert.match(broken.error?.message ?? "", /server_error/);
    assert.doesNotMatch(broken.error?.message ?? "", /secret/);
  });
}
