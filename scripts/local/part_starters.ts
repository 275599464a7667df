// Starts the parts. The development server uses only this interface, so that its tests can replace
// the parts with scripted ones.
import type { LineLog, Part } from "./part.ts";
import type { Environment, Runtime } from "./settings.ts";

export interface PartStarters {
  startDatabase(options: DatabaseOptions): Promise<Part>;
  chooseProvider(environment: Environment): Promise<Provider>;
  /** Fetches missing files of the local model, and reports its progress. */
  setUpLocalModel(options: SetUpOptions): Promise<void>;
  startLocalModel(options: ModelOptions): Promise<Part>;
  startFunctions(options: FunctionsOptions): Promise<Part>;
  /** The functions' sources, and the command that builds them. */
  functionsBuild(root: string, runtime: Runtime): FunctionsBuild;
}

export interface SetUpOptions {
  root: string;
  /** Prints a line for the developer. */
  print: LineLog;
  /** Aborted when the server is to stop. */
  signal: AbortSignal;
}

/** How the functions are built again while they run. Paths are absolute. */
export interface FunctionsBuild {
  command: readonly [file: string, ...args: string[]];
  /** Files and folders; a change below any of them triggers a build. */
  sources: readonly string[];
  /** The folder that the runtime loads; files without a function's name are the host's. */
  output: string;
  functions: readonly string[];
  /** The folder of the database's migrations, which are applied at the next start. */
  migrations: string;
}

export interface DatabaseOptions {
  root: string;
  dataDir: string;
  port: number;
  databaseUrl?: string;
  publishableKey: string;
  secretKey: string;
  jwtSecret: string;
  log: LineLog;
}

export interface Provider {
  /** `local` is the test model, which the development server starts itself. */
  kind: string;
  /** For `MODEL_CHAT`: `provider:model`. */
  route: string;
  /** Settings of the functions that this provider needs. */
  settings: Record<string, string>;
  /** One line that tells the developer which model writes the text. */
  notice: string;
}

export interface ModelOptions {
  root: string;
  dataDir: string;
  port: number;
  log: LineLog;
}

export interface FunctionsOptions {
  root: string;
  runtime: Runtime;
  port: number;
  environment: Record<string, string>;
  log: LineLog;
}
