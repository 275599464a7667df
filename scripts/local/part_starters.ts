// How the parts are started. The development server knows them only by this, so that its tests can
// put scripted parts in their place.
import type { LineLog, Part } from "./part.ts";
import type { Environment, Runtime } from "./settings.ts";

export interface PartStarters {
  startDatabase(options: DatabaseOptions): Promise<Part>;
  chooseProvider(environment: Environment): Promise<Provider>;
  startLocalModel(options: ModelOptions): Promise<Part>;
  startFunctions(options: FunctionsOptions): Promise<Part>;
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
