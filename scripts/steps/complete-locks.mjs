// npm leaves platform packages that its registry does not carry out of a lock file, and `npm ci`
// then refuses the file as a whole. This adds them, without a checksum: no platform that the
// registry serves needs them. Run it after `npm install` has changed a lock file; with --check it
// writes nothing and exits 1 if something is missing.
//
//   node scripts/steps/complete-locks.mjs [--check]
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const LOCKS = ["package-lock.json", "scripts/local/model/package-lock.json"];
const SYSTEMS = [
  [/darwin|mac/, "darwin"],
  [/win/, "win32"],
  [/linux/, "linux"],
];
const PROCESSORS = [
  [/arm64/, "arm64"],
  [/armv7l/, "arm"],
  [/riscv64/, "riscv64"],
  [/64/, "x64"],
];

const first = (table, name) => table.find(([pattern]) => pattern.test(name))?.[1];

/** The entry that npm would have written, as far as the package's name shows. */
function entry(name, version, isForDevelopment) {
  const system = first(SYSTEMS, name);
  const processor = first(PROCESSORS, name);
  if (!system || !processor) throw new Error(`${name} does not say which platform it is for`);
  const development = isForDevelopment ? { dev: true } : {};
  return { version, cpu: [processor], ...development, optional: true, os: [system] };
}

function missingEntries(packages) {
  const missing = {};
  for (const { optionalDependencies = {}, dev } of Object.values(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const key = `node_modules/${name}`;
      if (!packages[key]) missing[key] = entry(name, version, dev);
    }
  }
  return missing;
}

const check = process.argv.includes("--check");
for (const path of LOCKS) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const missing = missingEntries(lock.packages);
  if (Object.keys(missing).length === 0) continue;
  if (check) {
    console.error(
      `${path} lacks ${Object.keys(missing).join(", ")}: run scripts/steps/complete-locks.mjs`,
    );
    process.exitCode = 1;
    continue;
  }
  const entries = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  writeFileSync(
    file,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`,
  );
  console.log(`${path}: added ${Object.keys(missing).length}`);
}
