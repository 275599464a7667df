// The real local model, served for one test file. Run these tests from the repository's root:
//
//   node scripts/local/bundle.mjs build/tests/model tests/model/*.test.ts
//   node --test --test-concurrency=1 build/tests/model/*.test.js
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { modelFile, startLocalModel } from "../../scripts/local/model-process.ts";
import type { Part } from "../../scripts/local/part.ts";

export const MODEL = "smollm2-135m-instruct";

export interface ServedModel {
  url: string;
  /** The server's output. */
  log: string[];
  /** The bodies of the completion requests so far. */
  recorded(): unknown[];
  complete(body: object, signal?: AbortSignal): Promise<Response>;
  /** Resolves when a log line has matched; rejects after `limitMs`. */
  logged(pattern: RegExp, limitMs: number): Promise<void>;
}

/** Fetches the model if it is missing; returns the data directory. */
export function setUpModel(): string {
  const dataDir = resolve(process.env["FABULA_DATA_DIR"] || ".fabula");
  const isSetUp = existsSync(modelFile(dataDir)) && existsSync("scripts/local/model/node_modules");
  if (!isSetUp) execFileSync("scripts/setup", ["model"], { stdio: "inherit" });
  return dataDir;
}

/** Starts the model before the file's tests and ends it after them. */
export function serveModel(): ServedModel {
  let part: Part | undefined;
  const folder = mkdtempSync(join(tmpdir(), "fabula-model-"));
  const record = join(folder, "requests.jsonl");
  const log: string[] = [];
  before(async () => {
    const dataDir = setUpModel();
    part = await startLocalModel({
      root: process.cwd(),
      dataDir,
      port: 0,
      record,
      log: (line) => log.push(line),
    });
    served.url = part.url;
  });
  after(async () => {
    await part?.stop();
    rmSync(folder, { recursive: true });
  });
  const served: ServedModel = {
    url: "",
    log,
    recorded: () =>
      readFileSync(record, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    complete: (body, signal) =>
      fetch(`${served.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ model: MODEL, ...body }),
        ...(signal ? { signal } : {}),
      }),
    logged: async (pattern, limitMs) => {
      const deadline = Date.now() + limitMs;
      while (!log.some((line) => pattern.test(line))) {
        if (Date.now() > deadline)
          throw new Error(`nothing like ${pattern} was logged within ${limitMs} ms`);
        await sleep(20);
      }
    },
  };
  return served;
}

export function user(content: string): { role: string; content: string } {
  return { role: "user", content };
}

/** The parts of OpenAI's answer that the tests look at. */
export interface Completion {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: { index: number; message: { role: string; content: string }; finish_reason: string }[];
  usage: Usage;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
}

export async function completion(response: Response): Promise<Completion> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`status ${response.status}: ${text}`);
  return JSON.parse(text) as Completion;
}

/** The text of an answer with one choice. */
export function contentOf(answer: Completion): string {
  return answer.choices[0]?.message.content ?? "";
}
