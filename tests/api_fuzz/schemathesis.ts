// Runs Schemathesis, which makes requests of an OpenAPI document and checks the answers.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../clients/backend.ts";

const PACKAGES = join(root, ".fabula/toolchain/schemathesis");
const HOOKS = join(root, "tests/api_fuzz");

/** A caller with a token. */
export interface Identity {
  name: string;
  token: string;
}

export interface Assignment {
  /** The name of its files, below build/tests/api_fuzz. */
  name: string;
  documentUrl: string;
  /** The first one calls; the others must not see its data. */
  identities: Identity[];
  operations: { only: string[] } | { without: string[] };
  phases: ("examples" | "coverage" | "fuzzing" | "stateful")[];
  /** Requests of an operation, or sequences, at most. */
  examples: number;
  seed: number;
  /** Values of parameters of the path that are taken most of the time, by name. */
  known: Record<string, (string | number)[]>;
  /** Whether an operation that is hardly ever got to is a failure. */
  mustReachAll: boolean;
}

export interface Findings {
  exitCode: number | null;
  /** Its output: the failures, each with a request that reproduces it. */
  report: string;
}

export async function runSchemathesis(assignment: Assignment): Promise<Findings> {
  const directory = join(root, "build/tests/api_fuzz", assignment.name);
  mkdirSync(directory, { recursive: true });
  const identitiesFile = join(directory, "identities.json");
  writeFileSync(identitiesFile, JSON.stringify(identitiesOf(assignment.identities)));
  writeFileSync(join(directory, "known.json"), JSON.stringify(assignment.known));
  const configFile = join(directory, "schemathesis.toml");
  writeFileSync(configFile, configuration(assignment, identitiesFile));

  const { only, without } = { only: [], without: [], ...assignment.operations };
  const program = spawn(
    join(PACKAGES, "bin/schemathesis"),
    [
      ...["--config-file", configFile, "run", assignment.documentUrl],
      ...["--phases", assignment.phases.join(","), "--seed", `${assignment.seed}`],
      ...only.flatMap((id) => ["--include-operation-id", id]),
      ...without.flatMap((id) => ["--exclude-operation-id", id]),
    ],
    {
      cwd: directory,
      env: {
        PATH: process.env["PATH"],
        PYTHONPATH: [PACKAGES, HOOKS].join(":"),
        PYTHONDONTWRITEBYTECODE: "1",
        SCHEMATHESIS_HOOKS: "hooks",
        NO_COLOR: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let report = "";
  for (const stream of [program.stdout, program.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (report += text));
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    program.once("error", reject);
    program.once("close", resolve);
  });
  writeFileSync(join(directory, "report.txt"), report);
  return { exitCode, report };
}

// In the format of Web Fuzzing Commons.
function identitiesOf(identities: Identity[]): object {
  return {
    auth: identities.map(({ name, token }) => ({
      name,
      fixedHeaders: [{ name: "Authorization", value: `Bearer ${token}` }],
    })),
  };
}

// TOML; its strings and arrays are written as in JSON.
function configuration(assignment: Assignment, identitiesFile: string): string {
  const { identities, examples, known, mustReachAll } = assignment;
  const text = JSON.stringify;
  const names = identities.map(({ name }) => name);
  const lists = Object.entries(known);
  return `
workers = 2
request-timeout = 30
continue-on-failure = true

[warnings]
# Not validation_mismatch: which hosts a bot may name, and whose message it is, no schema says.
fail-on = ${mustReachAll ? text(["missing_auth", "missing_test_data"]) : "false"}

[cache]
enabled = false

[auth.wfc]
path = ${text(identitiesFile)}
user = ${text(names[0])}
${names.length > 1 ? `peers = ${text(names)}` : ""}

[checks]
enabled = true
# A version that nobody has is refused, however well it is spelt.
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 412, 429]

[generation]
max-examples = ${examples}
database = "none"

[phases.stateful]
max-steps = 10

${lists.map(([name, values]) => `[dictionaries.${name}]\nvalues = ${text(values)}`).join("\n")}

[parameters]
${lists
  .flatMap(([name]) => [`path.${name}`, ...(name === "bot_id" ? [`body.${name}`] : [])])
  .map((place) => `"${place}" = { dictionary = ${text(place.slice(5))}, probability = 0.7 }`)
  .join("\n")}
`;
}
