// Makes a linked module smaller with Binaryen: the pinned one of the development packages, else the
// system's, else not at all. What was made before is kept in a directory and taken from there.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withNamesByCode } from "./name-functions.mjs";

const pinned = fileURLToPath(
  new URL("../../node_modules/binaryen/bin/wasm-opt", import.meta.url),
);

// A stripped module does not say what it uses beyond the first version of WebAssembly.
const features = [
  "bulk-memory",
  "mutable-globals",
  "nontrapping-float-to-int",
  "sign-ext",
  "tail-call",
].map((name) => `--enable-${name}`);

const pinnedOptions = [
  ...["-Oz", "--converge"],
  // The lowest addresses are the far end of the stack, so no pointer wraps around to them.
  "--low-memory-unused",
  // It splits the data wherever there are some zeros; gzip does better than that.
  "--skip-pass=memory-packing",
  "--reorder-functions-by-name",
];

/** Whether the size limits hold: they are for what the pinned Binaryen makes. */
export const isPinned = existsSync(pinned);

const [program, ...options] = isPinned
  ? [process.execPath, pinned, ...features, ...pinnedOptions]
  : ["wasm-opt", ...features, "-Oz"];

/** The optimised bytes of the module PATH, which has the NAME; kept in DIRECTORY. */
export async function optimizedModule(path, name, directory) {
  const linked = readFileSync(path);
  const hash = createHash("sha256");
  for (const input of [linked, program, ...options]) hash.update(input);
  const kept = join(directory, `${name}-${hash.digest("hex").slice(0, 16)}.wasm`);
  if (!existsSync(kept)) {
    mkdirSync(directory, { recursive: true });
    for (const entry of readdirSync(directory)) {
      if (entry.startsWith(`${name}-`)) rmSync(join(directory, entry), { force: true });
    }
    const unfinished = `${kept}.${process.pid}`;
    writeFileSync(unfinished, isPinned ? withNamesByCode(linked) : linked);
    try {
      await promisify(execFile)(program, [...options, unfinished, "-o", unfinished]);
    } catch (error) {
      rmSync(unfinished);
      if (!isPinned && error.code === "ENOENT") return linked;
      throw error;
    }
    renameSync(unfinished, kept);
  }
  return readFileSync(kept);
}
