// Runs fabula-decode as its users do.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

export interface Call {
  id: string;
  name: string;
  arguments: string;
}

export interface End {
  type: "end";
  complete: boolean;
  finish_reason: string | null;
  text: string;
  reasoning: string;
  tool_calls: Call[];
  usage: { input_tokens: number; output_tokens: number } | null;
  error: { message: string } | null;
}

export interface Part {
  type: "text" | "reasoning" | "tool_call";
  text?: string;
  index?: number;
  id?: string;
  name?: string;
  arguments?: string;
}

export function run(words: string[], input: string | Uint8Array = "") {
  const result = spawnSync("scripts/fabula-decode", words, { input, maxBuffer: 1 << 26 });
  if (result.error) throw result.error;
  return {
    status: result.status,
    output: result.stdout.toString("utf8"),
    complaint: result.stderr.toString("utf8"),
  };
}

/** Decodes a body; the parts must add up to the last line's totals. */
export function decode(format: string, body: string, chunkBytes?: number) {
  const chunk = chunkBytes === undefined ? [] : ["--chunk", String(chunkBytes)];
  const { status, output, complaint } = run(["--format", format, ...chunk], body);
  assert.equal(complaint, "");
  assert.equal(status, 0);
  const lines = output.split("\n");
  assert.equal(lines.pop(), "");
  const end = JSON.parse(lines.pop() ?? "null") as End;
  const parts = lines.map((line) => JSON.parse(line) as Part);
  checkSum(parts, end);
  return { parts, end };
}

function checkSum(parts: Part[], end: End): void {
  assert.equal(end.type, "end");
  const calls: Call[] = [];
  let text = "";
  let reasoning = "";
  for (const part of parts) {
    if (part.type === "text") text += part.text;
    if (part.type === "reasoning") reasoning += part.text;
    if (part.type !== "tool_call") continue;
    const call = (calls[part.index ?? -1] ??= { id: "", name: "", arguments: "" });
    call.id += part.id ?? "";
    call.name += part.name ?? "";
    call.arguments += part.arguments ?? "";
  }
  assert.deepEqual([text, reasoning, calls], [end.text, end.reasoning, end.tool_calls]);
  assert.equal(end.complete, end.error === null);
}
