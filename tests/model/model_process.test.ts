import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startLocalModel } from "../../scripts/local/model-process.ts";
import { StartError } from "../../scripts/local/part.ts";
import { setUpModel, user, MODEL } from "./served_model.ts";

const root = process.cwd();
const log = (): void => {};

test("ends at once, even while it writes, and nothing listens any more", async () => {
  const part = await startLocalModel({ root, dataDir: setUpModel(), port: 0, log });
  const response = await fetch(`${part.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({
      model: MODEL,
      messages: [user("Write a long story.")],
      stream: true,
      max_tokens: 1024,
    }),
  });
  const cut = assert.rejects(response.text());
  const startedAt = performance.now();
  await part.stop();
  assert.ok(performance.now() - startedAt < 1500);
  await cut;
  await assert.rejects(fetch(`${part.url}/health`));
});

/** Starts with a model file that this test names; returns the message for the developer. */
async function startFault(file: string): Promise<string> {
  const before = process.env["FABULA_MODEL_FILE"];
  process.env["FABULA_MODEL_FILE"] = file;
  try {
    await startLocalModel({ root, dataDir: "/nonexistent", port: 0, log });
  } catch (error) {
    assert.ok(error instanceof StartError, String(error));
    return error.message;
  } finally {
    if (before === undefined) delete process.env["FABULA_MODEL_FILE"];
    else process.env["FABULA_MODEL_FILE"] = before;
  }
  return assert.fail("it started");
}

test("without the model's file it says where it looked and what to run", async () => {
  assert.match(
    await startFault("/nonexistent/model.gguf"),
    /\/nonexistent\/model\.gguf.*scripts\/setup model/,
  );
});

test("with a file that is no model it says so in one line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fabula-model-"));
  const file = join(folder, "broken.gguf");
  writeFileSync(file, "this is no model");
  const message = await startFault(file);
  rmSync(folder, { recursive: true });
  assert.match(
    message,
    /^The local model does not start: Invalid GGUF[^\n]*broken\.gguf is damaged[^\n]*$/,
  );
});
