import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, run } from "./fabula_decode.ts";

const frame = (chunk: unknown): string => `data: ${JSON.stringify(chunk)}\n\n`;

test("text, reasoning and calls come in the order of the stream, one line each", () => {
  const delta = (members: object, finish_reason: string | null = null): string =>
    frame({ choices: [{ index: 0, delta: members, finish_reason }] });
  const call = (members: object, functionMembers: object): object => ({
    tool_calls: [{ ...members, function: functionMembers }],
  });
  const body =
    delta({ reasoning_content: "hm" }) +
    delta({ content: "a\n\u2028" }) +
    delta(call({ index: 3, id: "c" }, { name: "f", arguments: "" })) +
    delta(call({ index: 3 }, { arguments: '{"a":1}' })) +
    delta({}, "tool_calls");
  const { parts, end } = decode("openai", body, 5);
  assert.deepEqual(parts, [
    { type: "reasoning", text: "hm" },
    { type: "text", text: "a\n\u2028" },
    { type: "tool_call", index: 0, id: "c", name: "f" },
    { type: "tool_call", index: 0, arguments: '{"a":1}' },
  ]);
  assert.deepEqual(end, {
    type: "end",
    complete: true,
    finish_reason: "tool_calls",
    text: "a\n\u2028",
    reasoning: "hm",
    tool_calls: [{ id: "c", name: "f", arguments: '{"a":1}' }],
    usage: null,
    error: null,
  });
});

test("an image of megabytes in one event is passed over", () => {
  const url = `data:image/png;base64,${"iVBO".repeat(1_000_000)}`;
  const openai =
    frame({ choices: [{ index: 0, delta: { content: "a", images: [{ image_url: { url } }] } }] }) +
    frame({ choices: [{ index: 0, delta: { content: "b" }, finish_reason: "stop" }] });
  const parts = [{ text: "a" }, { inlineData: { mimeType: "image/png", data: url } }, { text: "b" }];
  const gemini = { candidates: [{ content: { parts }, finishReason: "STOP" }] };
  const bodies = [
    ["openai", openai],
    ["gemini", frame(gemini)],
    ["gemini", JSON.stringify([gemini])],
  ] as const;
  for (const [format, body] of bodies) {
    const { end } = decode(format, body, 65_537);
    assert.deepEqual([end.text, end.complete, end.error], ["ab", true, null]);
  }
});

test("any bytes give an end: nothing, noise, an error page, a chunk that is no JSON", () => {
  for (const format of ["openai", "anthropic", "gemini"]) {
    for (const body of ["", "\0\xff", "<html>", "data: {\n\n", '{"error":{"code":401}}']) {
      const { end } = decode(format, body, 2);
      assert.equal(end.complete, false);
      assert.equal(end.text, "");
    }
  }
});

test("wrong arguments are explained, with exit status 2", () => {
  for (const words of [
    [],
    ["--format"],
    ["--format", "cohere"],
    ["--format", "openai", "--chunk"],
    ["--format", "openai", "--chunk", "0"],
    ["--format", "openai", "--chunk", "-1"],
    ["--format", "openai", "--chunk", "1073741825"],
    ["--format", "openai", "--size", "1"],
    ["openai"],
  ]) {
    const { status, output, complaint } = run(words);
    assert.equal(status, 2, words.join(" "));
    assert.equal(output, "");
    assert.match(complaint, /^fabula-decode: .*\.\nSee fabula-decode --help\.\n$/);
  }
});

test("--help tells everything, and options may have an equals sign", () => {
  const { status, output } = run(["--help"]);
  assert.equal(status, 0);
  for (const word of ["--format", "--chunk", "openai", "anthropic", "gemini"]) {
    assert.ok(output.includes(word));
  }
  assert.equal(run(["--format=gemini", "--chunk=3"]).status, 0);
});
