// The whole development server: one origin in front of a database, a model and the functions.
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { curlCommand, KEY_OF_ENVIRONMENT, keyLines } from "./announcement.ts";
import {
  callersSettings,
  embeddedSupabaseSettings,
  remoteSupabaseSettings,
} from "./functions_environment.ts";
import { checkDiskSpace } from "./disk_space.mjs";
import { untilHealthy } from "./health.ts";
import { loadKeys } from "./keys.ts";
import { startOrigin, type Origin } from "./origin.ts";
import { isUrgentDatabaseLine, isUrgentFunctionsLine, neverUrgent } from "./part_log.ts";
import type { PartStarters } from "./part_starters.ts";
import { PartGroup } from "./part_group.ts";
import { startMaintenance } from "./maintenance.ts";
import { freePorts } from "./ports.mjs";
import { rebuildOnChange } from "./rebuilding.ts";
import { refusalPrinter } from "./refused_callers.ts";
import type { Environment, Settings } from "./settings.ts";
import { SourceWatcher } from "./source_watcher.ts";
import { reportStarts } from "./start_progress.ts";
import { claimDataDir, releaseDataDir, updateState, type State } from "./state.ts";

export interface DevelopmentServerOptions {
  root: string;
  settings: Settings;
  environment: Environment;
  starters: PartStarters;
  /** Takes the lines that the developer sees. */
  print: (line: string) => void;
  /** Whether to fetch a missing local model. */
  setUp: boolean;
  /** Resolves when the functions are built. */
  functionsBuilt: Promise<void>;
  /** When their build began; `Infinity`: before now. */
  sourcesSince_ms: number;
}

// How long replies may continue in functions that newer ones have replaced: the default time limit of
// a reply. A reply that is then cut off has saved its text.
const RETIREMENT_MS = 120_000;

export class DevelopmentServer {
  readonly #options: DevelopmentServerOptions;
  readonly #parts: PartGroup;
  #origin: Origin | undefined;
  #state: State | undefined;
  #endMaintenance: (() => void) | undefined;
  #rebuilding: Promise<void> | undefined;
  readonly #stopAsked = new AbortController();
  // Nobody else knows it, and no browser can send it (RFC 2606).
  readonly #originOfPages = `http://${randomUUID()}.invalid`;

  constructor(options: DevelopmentServerOptions) {
    this.#options = options;
    this.#parts = new PartGroup(options.settings.dataDir, options.print);
  }

  /**
   * Starts everything, and announces it when a request would succeed. Rejects when something cannot
   * start; otherwise it stays pending, and parts that end by themselves are restarted.
   */
  async run(): Promise<never> {
    const { settings, print } = this.#options;
    mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
    checkDiskSpace(settings.dataDir);
    const state = await this.#claimDataDir();
    keyLines(state).forEach(print);
    const endReports = reportStarts(() => this.#parts.starting(), print);
    this.#stopAsked.signal.addEventListener("abort", endReports);
    await this.#startParts(state.url);
    endReports();
    updateState(settings.dataDir, { ...state, ready: true });
    print(`ready ${state.url}`);
    print("");
    print(curlCommand(state.url));
    return new Promise<never>(() => {});
  }

  /**
   * Ends everything that was started. The data directory is released last, when nothing writes to it.
   */
  async stop(): Promise<void> {
    this.#stopAsked.abort();
    this.#endMaintenance?.();
    this.#origin?.disconnect();
    await Promise.all([this.#parts.stop(), this.#rebuilding]);
    if (this.#state) releaseDataDir(this.#options.settings.dataDir, this.#state);
    await this.#origin?.close();
  }

  // Listens first: the state file must name a server that answers, and a port in use is reported at
  // once.
  async #claimDataDir(): Promise<State> {
    const { root, settings, print } = this.#options;
    const instance = randomUUID();
    this.#origin = await startOrigin(settings.port, {
      instance,
      pageDir: join(root, "scripts/local/page"),
      functionsUrl: () => this.#parts.url("functions"),
      databaseUrl: () => settings.supabase?.url ?? this.#parts.url("database"),
      callers: settings.callers,
      originOfPages: this.#originOfPages,
      refused: refusalPrinter(print),
    });
    const { publishableKey, secretKey } = settings.supabase
      ? { ...settings.supabase, secretKey: KEY_OF_ENVIRONMENT }
      : loadKeys(settings.dataDir);
    const url = `http://127.0.0.1:${this.#origin.port}`;
    const state = { instance, pid: process.pid, url, ready: false, publishableKey, secretKey };
    await claimDataDir(settings.dataDir, state);
    this.#state = state;
    return state;
  }

  async #startParts(originUrl: string): Promise<void> {
    const { root, settings, environment, starters, print } = this.#options;
    const { dataDir, supabase, databaseUrl } = settings;
    const [databasePort = 0, modelPort = 0, functionsPort = 0] = await freePorts(3);
    const sources = this.#watchSources();
    const provider = await starters.chooseProvider(environment);
    print(provider.notice);

    const starting: Promise<void>[] = [];
    let supabaseSettings: Record<string, string>;
    if (supabase) {
      print(`database ${supabase.url} (SUPABASE_URL; its migrations are yours: supabase db push)`);
      supabaseSettings = remoteSupabaseSettings(supabase);
    } else {
      if (databaseUrl) print(`database ${new URL(databaseUrl).host} (DATABASE_URL)`);
      const keys = loadKeys(dataDir);
      const embeddedUrl = `http://127.0.0.1:${databasePort}`;
      supabaseSettings = embeddedSupabaseSettings(originUrl, embeddedUrl, keys);
      const start = {
        root,
        dataDir,
        port: databasePort,
        ...keys,
        ...(databaseUrl && { databaseUrl }),
      };
      starting.push(
        this.#parts.start("database", isUrgentDatabaseLine, (log) =>
          starters.startDatabase({ ...start, log }),
        ),
      );
    }
    if (provider.kind === "local") {
      provider.settings["LOCAL_BASE_URL"] = `http://127.0.0.1:${modelPort}/v1`;
      starting.push(this.#startLocalModel(modelPort));
    }
    const functionsEnvironment = {
      ...callersSettings(environment),
      ...provider.settings,
      ...supabaseSettings,
      ...(environment["FABULA_ENCRYPTION_KEY"] && {
        FABULA_ENCRYPTION_KEY: environment["FABULA_ENCRYPTION_KEY"],
      }),
      FABULA_ENV: "development",
      FABULA_ALLOWED_ORIGINS: this.#originOfPages,
    };
    starting.push(this.#startFunctions(functionsPort, functionsEnvironment));
    await Promise.all(starting);
    await untilHealthy(`${originUrl}/functions/v1/chat/health`);
    if (!supabase) this.#maintain(originUrl);
    if (sources) this.#rebuildOnChange(sources, functionsEnvironment);
  }

  async #startLocalModel(port: number): Promise<void> {
    const { root, settings, starters, print, setUp } = this.#options;
    if (setUp) await starters.setUpLocalModel({ root, print, signal: this.#stopAsked.signal });
    const start = { root, dataDir: settings.dataDir, port };
    await this.#parts.start("model", neverUrgent, (log) =>
      starters.startLocalModel({ ...start, log }),
    );
  }

  async #startFunctions(port: number, environment: Record<string, string>): Promise<void> {
    const { root, settings, starters, functionsBuilt } = this.#options;
    await functionsBuilt;
    const start = { root, runtime: settings.runtime, port, environment };
    await this.#parts.start("functions", isUrgentFunctionsLine, (log) =>
      starters.startFunctions({ ...start, log }),
    );
  }

  #watchSources(): SourceWatcher | undefined {
    const { root, settings, starters, sourcesSince_ms } = this.#options;
    if (!settings.watch) return undefined;
    const { sources, migrations } = starters.functionsBuild(root, settings.runtime);
    return new SourceWatcher([...sources, migrations], sourcesSince_ms);
  }

  #rebuildOnChange(sources: SourceWatcher, environment: Record<string, string>): void {
    const { root, settings, starters, print } = this.#options;
    const { runtime } = settings;
    const unused = async (url: string) => this.#origin?.untilUnused(url, RETIREMENT_MS);
    const reload = async () => {
      const [port = 0] = await freePorts(1);
      const start = { root, runtime, port, environment };
      await this.#parts.replace(
        "functions",
        (log) => starters.startFunctions({ ...start, log }),
        unused,
      );
    };
    const build = starters.functionsBuild(root, runtime);
    const { signal } = this.#stopAsked;
    this.#rebuilding = rebuildOnChange({ root, build, sources, reload, print, signal });
  }

  #maintain(originUrl: string): void {
    const { dataDir } = this.#options.settings;
    this.#endMaintenance = startMaintenance({
      databaseUrl: () => this.#parts.url("database"),
      // Called through the origin, so that functions that are replaced finish their work.
      functionsUrl: () => this.#parts.url("functions") && `${originUrl}/functions/v1`,
      secretKey: loadKeys(dataDir).secretKey,
      log: (line) => this.#options.print(line),
    });
  }
}
