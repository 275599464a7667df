// The files that a function's folder names in files.json, as name: source. They are sent unchanged,
// at /<function>/<name>. A source that begins with ./ is in the folder, any other in an npm
// package.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const packages = fileURLToPath(new URL("../../node_modules", import.meta.url));

const types = new Map([
  [".css", "text/css; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".txt", "text/plain; charset=utf-8"],
]);

/** Each file of the function in FOLDER, with its path in URLs; none without a files.json. */
export function staticFiles(folder) {
  const list = join(folder, "files.json");
  if (!existsSync(list)) return [];
  return Object.entries(JSON.parse(readFileSync(list, "utf8"))).map(([name, source]) => {
    const type = types.get(extname(name));
    if (type === undefined) throw new Error(`${list}: the type of ${name} is not known`);
    const bytes = readFileSync(join(source.startsWith("./") ? folder : packages, source));
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    return { path: `/${basename(folder)}/${name}`, type, etag: `"${hash}"`, bytes };
  });
}

/** The files' facts for wasm/host (StaticFiles in wasm/host/static-files.ts). */
export function factsOf(files) {
  return Object.fromEntries(files.map(({ path, type, etag }) => [path, { type, etag }]));
}

/** A module with the files' contents, for `packedFiles` in wasm/host/static-files.ts. */
export function packed(files) {
  const contents = files.map(({ path, bytes }) => [path, gzipSync(bytes).toString("base64")]);
  return `export default ${JSON.stringify(Object.fromEntries(contents), null, 2)};\n`;
}
