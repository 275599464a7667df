// Chooses the model if the developer has not: an explicit route, else a server in OpenAI's place, else a
// hosted provider whose key is set, else a server that runs on this machine, else the local model.
import { listModels, probeLlamaCpp, probeOllama, probeUrl, type Probe } from "./model_servers.ts";
import type { Environment } from "./settings.ts";

export interface ProviderChoice {
  /** `local`: `startLocalModel` must be called, and its URL goes into LOCAL_BASE_URL. */
  kind: "hosted" | "running" | "local";
  /** For MODEL_CHAT, such as `openai:gpt-4o-mini`. */
  route: string;
  /** Settings for the functions besides the developer's own. */
  settings: Record<string, string>;
  /** One line for the developer: which model writes. */
  notice: string;
}

export const LOCAL_ROUTE = "local:smollm2-135m-instruct";

interface HostedProvider {
  key: string;
  route: string;
}

const OPENAI_ROUTE = "openai:gpt-4o-mini";

/** Only providers of the OpenAI-compatible kind; the first whose key is set is taken. */
const HOSTED: readonly HostedProvider[] = [
  { key: "OPENAI_API_KEY", route: OPENAI_ROUTE },
  { key: "OPENROUTER_API_KEY", route: "openrouter:openai/gpt-4o-mini" },
  { key: "HF_TOKEN", route: "hf:meta-llama/Llama-3.1-8B-Instruct" },
];

const RUNNING = [
  {
    provider: "ollama",
    setting: "OLLAMA_BASE_URL",
    baseUrl: "http://127.0.0.1:11434/v1",
    find: probeOllama,
  },
  {
    provider: "llamacpp",
    setting: "LLAMACPP_BASE_URL",
    baseUrl: "http://127.0.0.1:8080/v1",
    find: probeLlamaCpp,
  },
] as const;

const LOCAL_NOTICE = "test model, set OPENAI_API_KEY for real writing";

/** `probe` reads JSON from a URL; tests pass their own. */
export async function chooseProvider(
  environment: Environment,
  probe: Probe = probeUrl,
): Promise<ProviderChoice> {
  const explicit = environment["MODEL_CHAT"]?.trim();
  if (explicit) return explicitChoice(explicit, environment);
  const own = await ownServer(environment, probe);
  if (own) return own;
  const hosted = HOSTED.find(({ key }) => environment[key]);
  if (hosted) {
    const { key, route } = hosted;
    return {
      kind: "hosted",
      route,
      settings: { MODEL_CHAT: route },
      notice: `${route}, by ${key}`,
    };
  }
  if (environment["LOCAL_BASE_URL"])
    return runningChoice(LOCAL_ROUTE, "LOCAL_BASE_URL", environment["LOCAL_BASE_URL"]);
  const silent: string[] = [];
  for (const { provider, setting, baseUrl: usual, find } of RUNNING) {
    const baseUrl = environment[setting]?.trim() || usual;
    const model = await find(baseUrl, probe);
    if (model) return runningChoice(`${provider}:${model}`, setting, baseUrl);
    if (environment[setting]?.trim()) silent.push(`${setting} (${baseUrl})`);
  }
  const reason = silent.map((each) => `; no model that can chat answers at ${each}`).join("");
  return {
    kind: "local",
    route: LOCAL_ROUTE,
    settings: { ...localLimits(environment), MODEL_CHAT: LOCAL_ROUTE },
    notice: LOCAL_NOTICE + reason,
  };
}

// A server with OpenAI's protocol, in OpenAI's place: it has its own models. If there is a key, and it names
// no models, it counts as a gateway to OpenAI's.
async function ownServer(
  environment: Environment,
  probe: Probe,
): Promise<ProviderChoice | undefined> {
  const baseUrl = environment["OPENAI_BASE_URL"]?.trim();
  if (!baseUrl) return undefined;
  const names = await listModels(baseUrl, probe, environment["OPENAI_API_KEY"]);
  const usual = OPENAI_ROUTE.replace("openai:", "");
  const model = names.includes(usual) ? usual : (names[0] ?? usual);
  const choice = runningChoice(`openai:${model}`, "OPENAI_BASE_URL", baseUrl);
  if (names.length > 0) return choice;
  return { ...choice, notice: `openai:${model}, at ${baseUrl}, which names no models: see MODEL_CHAT` };
}

// The local model reads some 200 tokens a second and has room for 4,096: a hosted model's prompt would delay
// its reader, or not fit at all.
function localLimits(environment: Environment): Record<string, string> {
  return {
    FABULA_HISTORY_TOKENS: environment["FABULA_HISTORY_TOKENS"] || "1200",
    FABULA_MAX_OUTPUT_TOKENS: environment["FABULA_MAX_OUTPUT_TOKENS"] || "400",
    // The next reply waits while it writes for the dossier.
    FABULA_DOSSIER_MAX_OUTPUT_TOKENS: environment["FABULA_DOSSIER_MAX_OUTPUT_TOKENS"] || "300",
    FABULA_FIRST_TOKEN_TIMEOUT_MS: environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] || "180000",
    FABULA_TASKS_TIME_LIMIT_MS: environment["FABULA_TASKS_TIME_LIMIT_MS"] || "240000",
  };
}

function runningChoice(route: string, setting: string, baseUrl: string): ProviderChoice {
  return {
    kind: "running",
    route,
    settings: { MODEL_CHAT: route, [setting]: baseUrl },
    notice: `${route}, running at ${baseUrl}`,
  };
}

// A route may name several providers: the local model is started if any of them is `local`.
function explicitChoice(route: string, environment: Environment): ProviderChoice {
  const providers = route.split(",").map((entry) => entry.trim().split(":", 1)[0] ?? "");
  const settings: Record<string, string> = { MODEL_CHAT: route };
  for (const { provider, setting, baseUrl } of RUNNING) {
    if (providers.includes(provider)) settings[setting] = environment[setting] || baseUrl;
  }
  const isServed = Boolean(environment["LOCAL_BASE_URL"]);
  if (providers.includes("local") && !isServed) {
    const notice = providers[0] === "local" ? LOCAL_NOTICE : `${route}, by MODEL_CHAT`;
    return { kind: "local", route, settings: { ...localLimits(environment), ...settings }, notice };
  }
  const isRunning = providers.some((name) => ["local", "ollama", "llamacpp"].includes(name));
  return {
    kind: isRunning ? "running" : "hosted",
    route,
    settings,
    notice: `${route}, by MODEL_CHAT`,
  };
}
