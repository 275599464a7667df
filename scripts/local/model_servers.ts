// Model servers that may be running on the developer's machine: whether there is one, and which
// model it would use.

/** Reads JSON from a URL; undefined when there is no JSON answer in time. */
export type Probe = (url: string, key?: string) => Promise<unknown>;

/** Loopback answers at once; a server that does not must not delay the start. */
const PROBE_DEADLINE_MS = 300;

export async function probeUrl(url: string, key?: string): Promise<unknown> {
  try {
    const response = await fetch(url, {
      ...(key && { headers: { authorization: `Bearer ${key}` } }),
      signal: AbortSignal.timeout(PROBE_DEADLINE_MS),
    });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** Ollama's first model that can chat: `GET /api/tags`. */
export async function probeOllama(baseUrl: string, probe: Probe): Promise<string | undefined> {
  const tags = await probe(`${serverRoot(baseUrl)}/api/tags`);
  return list(tags, "models")
    .filter(isChatModel)
    .map((model) => text(model, "name"))
    .find(Boolean);
}

/**
 * The model of a llama.cpp server. Many programs use port 8080, so two answers are checked:
 * `/health` is `{"status":"ok"}`, and the models are owned by `llamacpp`.
 */
export async function probeLlamaCpp(baseUrl: string, probe: Probe): Promise<string | undefined> {
  const health = await probe(`${serverRoot(baseUrl)}/health`);
  if (text(health, "status") !== "ok") return undefined;
  const models = list(await probe(`${serverRoot(baseUrl)}/v1/models`), "data");
  const model = models.find((candidate) => text(candidate, "owned_by") === "llamacpp");
  const id = text(model, "id");
  // Without an alias the name is a file's path, and routes are split at commas.
  return id?.includes(",") ? undefined : id;
}

/**
 * The models for chatting of a server with OpenAI's protocol: `GET /models` at the address as written, or with the
 * version that the functions append to it.
 */
export async function listModels(address: string, probe: Probe, key?: string): Promise<string[]> {
  const base = withoutRequest(address);
  const versioned = /\/v\d[^/]*(\/|$)/.test(base) ? [] : [`${base}/v1`];
  for (const place of [base, ...versioned]) {
    const models = list(await probe(`${place}/models`, key), "data");
    // Routes are split at commas.
    const names = models
      .map((model) => text(model, "id") ?? "")
      .filter((id) => id !== "" && !id.includes(",") && !/embed|rerank|whisper|tts/i.test(id));
    if (names.length > 0) return names;
  }
  return [];
}

/** A request's own address is an address, too (shared/llm/route/base_url). */
function withoutRequest(address: string): string {
  const base = address.replace(/\/+$/, "").replace(/\/(chat\/completions|models)$/, "");
  return base.replace(/\/+$/, "");
}

function serverRoot(address: string): string {
  return withoutRequest(address).replace(/\/(v1|api)$/, "");
}

// Embedding models belong to the BERT family, or have it in their name.
function isChatModel(model: unknown): boolean {
  const details = field(model, "details");
  const families = [text(details, "family"), ...list(details, "families")];
  const isEncoder = families.some(
    (family) => typeof family === "string" && family.includes("bert"),
  );
  return !isEncoder && !/embed/i.test(text(model, "name") ?? "embed");
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function text(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === "string" && found !== "" ? found : undefined;
}

function list(value: unknown, key: string): unknown[] {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
}
