// The recorded streams of tests/fixtures, framed as the providers frame them.
import { readFileSync } from "node:fs";

interface Expected {
  wire: "openai" | "anthropic" | "gemini";
  text: string;
  reasoning: string;
  finish: string;
  usage: Record<string, number>;
}

const expectations = JSON.parse(readFileSync("tests/fixtures/expected.json", "utf8")) as Record<
  string,
  Expected
>;

const reasons: Record<string, string> = { end_turn: "stop", STOP: "stop" };

const countNames = {
  openai: ["prompt_tokens", "completion_tokens"],
  anthropic: ["input_tokens", "output_tokens"],
  gemini: ["promptTokenCount", "candidatesTokenCount"],
} as const;

function framed(wire: Expected["wire"], payload: string): string {
  if (wire === "gemini") return `data: ${payload}\r\n\r\n`;
  if (wire === "openai") return `data: ${payload}\n\n`;
  const { type } = JSON.parse(payload) as { type: string };
  return `event: ${type}\ndata: ${payload}\n\n`;
}

function recording(name: string, expected: Expected) {
  const { wire, text, reasoning, finish, usage } = expected;
  const payloads = readFileSync(`tests/fixtures/${name}.chunks.txt`, "utf8").split("\n");
  const frames = payloads.filter((line) => line !== "").map((line) => framed(wire, line));
  if (wire === "openai") frames.push("data: [DONE]\n\n");
  const [input, output] = countNames[wire];
  return {
    name,
    format: wire,
    frames,
    end: {
      type: "end",
      complete: true,
      finish_reason: reasons[finish] ?? finish,
      text,
      reasoning,
      tool_calls: [],
      usage: { input_tokens: usage[input], output_tokens: usage[output] },
      error: null,
    },
  };
}

export const recordings = Object.entries(expectations).map(([name, entry]) => recording(name, entry));
