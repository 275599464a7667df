// Bodies of POST /chat generated from a seed: mostly the server's frames, in every form that the
// standard allows, some with foreign frames or bytes.

import type { Random } from "../random_numbers.ts";

const CHARACTERS = [..."abc \n\r\t\"\\:{}é߀字🦊\u2028\ufeff\0"];
const STRANGE_LINES = ["event: ping", "event: message", "id", "id: a\0"];
const STRANGE_DATA = [
  '{"type":"thought","content":"later"}',
  '{"type":"text","content":5}',
  '{"type":"error","error":{"code":"x"}}',
  '{"type":"metadata","metadata":null}',
  '{"content":"a"}',
  "[DONE]",
  "",
  "null",
];

export function randomStream(random: Random): Buffer {
  const oneOf = <T>(choices: readonly T[]): T => choices[random(choices.length)]!;
  const lineEnd = oneOf([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]]);
  const isStrange = random(4) === 0;
  let offset = 0;
  let body = random(8) === 0 ? "\ufeff" : "";
  const line = (text: string) => (body += text + oneOf(lineEnd));

  const frame = (data: string) => {
    if (random(8) === 0) line(oneOf([": keep-alive", ":", "retry: 250", "unknown: 1", "data2: {"]));
    if (random(10) > 0) line(oneOf([`id: ${offset}`, `id:${offset}`]));
    if (isStrange && random(8) === 0) line(oneOf(STRANGE_LINES));
    for (const part of data.split("\n")) line(oneOf(["data: ", "data:"]) + part);
    line("");
    if (random(16) === 0) line(""); // Nothing between two blank lines.
  };
  const event = (fields: unknown) => {
    let json = JSON.stringify(fields, null, oneOf([0, 0, 2]));
    // Any character may be written as its escapes.
    if (random(3) === 0) json = json.replace(/[^\0-\x7f]/g, (it) => escapes(it));
    frame(json);
  };

  for (let count = random(12); count > 0; count -= 1) {
    const content = Array.from({ length: 1 + random(20) }, () => oneOf(CHARACTERS)).join("");
    offset += Buffer.byteLength(content);
    event({ type: "text", content });
    if (isStrange && random(6) === 0) frame(oneOf(STRANGE_DATA));
  }
  const tokens = { in: oneOf([null, 21]), out: random(100) };
  if (random(4) > 0) event({ type: "metadata", metadata: { session_id: "s", tokens, title: "字" } });
  const error = { code: "provider_timeout", message: "The provider…", retryable: true };
  if (random(4) > 0) event(oneOf([{ type: "done" }, { type: "done" }, { type: "error", error }]));
  if (random(8) === 0) event({ type: "text", content: "after the end" });
  if (random(8) === 0) body += 'data: {"type":"text","content":"never ended"}';

  const bytes = Buffer.from(body);
  for (let hits = random(6) === 0 ? 1 + random(3) : 0; hits > 0 && bytes.length > 0; hits -= 1) {
    bytes[random(bytes.length)] = random(256);
  }
  return bytes;
}

const escapes = (text: string) =>
  Array.from({ length: text.length }, (_, index) => {
    return `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }).join("");

/** Lengths of pieces that together are `total` bytes; some are empty. */
export function randomCuts(random: Random, total: number): number[] {
  const longest = [1, 4, 40, 400, total + 1][random(5)]!;
  const lengths: number[] = [];
  for (let left = total; left > 0; ) {
    const length = Math.min(left, longest === 1 ? 1 : random(longest + 1));
    lengths.push(length);
    left -= length;
  }
  return lengths;
}
