// A client that is generated from the served document (openapi-typescript, openapi-fetch): the program of
// tests/typed_client compiles against its types without a cast, and the answers fit the types.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { root } from "./backend.ts";
import { onEachRuntime } from "./stack.ts";

const folder = join(root, "tests/typed_client");
const generated = join(folder, "generated");

/** The program's message. */
const PROMPT = "A lighthouse keeper finds a door in the sea.";

/** The output; if the command fails, the error has its output. */
async function run(command: string, ...args: string[]): Promise<string> {
  const options = { cwd: folder, maxBuffer: 16 << 20 };
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], options).catch(
    ({ stdout, stderr }) => assert.fail(`${command}: ${stdout}${stderr}`),
  );
  return stdout;
}

test("the program casts nothing", async () => {
  const source = await readFile(join(folder, "program.ts"), "utf8");
  const code = source.replaceAll(/\/\/.*|"[^"\n]*"|`[^`]*`/g, "");
  assert.doesNotMatch(code, /\b(as|any|unknown)\b|@ts-|[\w)\]]!(?!=)/);
});

onEachRuntime("a generated client", (stack) => {
  test("chats, reads a dossier, changes it and takes the change back", async () => {
    const address = `${stack().url}/functions/v1`;
    stack().backend.model.tell(PROMPT, ["The ", "door ", "is open."]);
    await rm(generated, { recursive: true, force: true });
    await mkdir(generated);
    const document = await (await fetch(`${address}/docs/openapi.json`)).text();
    await writeFile(join(generated, "openapi.json"), document);
    await run("node_modules/openapi-typescript/bin/cli.js", "generated/openapi.json", "-o", "generated/api.d.ts");
    await run("node_modules/typescript/bin/tsc", "-p", ".");
    assert.match(await run("generated/program.js", address), /^everything is as the document says$/m);
  });
});
