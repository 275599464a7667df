// How the parts are started. The development server knows them only by this, so that its tests can
// put scripted parts in their place.
import type { LineLog, Part } from "./part.ts";
import type { Environment, Runtime } from "./settings.ts";

export interface PartStarters {
  startDatabase(options: DatabaseOptions): Promise<Part>;
  chooseProvider(environment: Environment): Promise<Provider>;
  /** Fetches what the local model needs and is not there; reports on it. */
  setUpLocalModel(options: SetUpOptions): Promise<void>;
  startLocalModel(options: ModelOptions): Promise<Part>;
  startFunctions(options: FunctionsOptions): Promise<Part>;
  /** What the functions are made of, and how. */
  functionsBuild(root: string, runtime: Runtime): FunctionsBuild;
}

export interface SetUpOptions {
  root: string;
  /** Takes the lines that the developer sees. */
  print: LineLog;
  /** Aborted when the server is to stop. */
  signal: AbortSignal;
}

/** How the functions are built again while they run. Paths are absolute. */
export interface FunctionsBuild {
  command: readonly [file: string, ...args: string[]];
  /** Files and folders; a change below any of them asks for a build. */
  sources: readonly string[];
  /** The folder with what the runtime loads; a file of another name than a function's is the host's. */
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
  /** One line that tells the developer what writes the text. */
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
