import { Status } from "../abi.ts";
import type { Completions } from "../completions.ts";
import { Operation } from "../operation.ts";
import { BodyStream } from "./body.ts";
import type { Streams } from "./streams.ts";

/** A key that its issuer has withdrawn is trusted no longer than this, if the issuer answers. */
const longestAgeMs = 10 * 60_000;
/** An issuer is not asked again sooner, however many unknown keys are presented. */
const shortestRefreshMs = 60_000;
/** A request waits no longer for an issuer that hangs. */
const longestWaitMs = 5_000;
/** No issuer has that many keys, and the guest takes no more (wasm/engine/identity.cpp). */
const largestSetBytes = 65_536;
/** How often a request checks for the answer that another one is waiting for. */
const lookIntervalMs = 20;

interface KeySet {
  text: string;
  fetchedAtMs: number;
  askedAtMs: number;
  /** A request is waiting for the issuer's answer, unless it has ended without a trace. */
  isBeingAsked: boolean;
}

// The only state besides compiled modules that outlives a request: public texts by URL. Promises
// are not shared, because workerd ties what a request waits for to that request. Failures are not
// kept: without any keys every request asks.
const keySets = new Map<string, KeySet>();

/** Fetches a JSON Web Key Set, or takes it from the isolate's cache. */
export class PublicKeysOperation extends Operation {
  #nextLook: ReturnType<typeof setTimeout> | undefined;

  constructor(
    id: number,
    private readonly completions: Completions,
    private readonly streams: Streams,
  ) {
    super(id);
  }

  start(url: string, refresh: boolean): void {
    if (!URL.canParse(url)) {
      this.completions.fail(this, Status.invalid);
      return;
    }
    const cached = keySets.get(url);
    if (cached === undefined || isDue(cached, refresh)) this.#ask(url, cached);
    else if (refresh && isAnswerNear(cached)) this.#lookLater(url);
    else this.#succeed(cached.text);
  }

  // The issuer's answer serves all requests, so the fetch continues.
  override abandon(): void {
    clearTimeout(this.#nextLook);
    if (this.value !== 0) this.streams.close(this.value);
  }

  #ask(url: string, cached: KeySet | undefined): void {
    const nowMs = Date.now();
    if (cached !== undefined) Object.assign(cached, { askedAtMs: nowMs, isBeingAsked: true });
    fetchKeySet(url).then(
      (text) => {
        keySets.set(url, { text, fetchedAtMs: nowMs, askedAtMs: nowMs, isBeingAsked: false });
        this.#succeed(text);
      },
      () => {
        if (cached === undefined) {
          this.completions.fail(this, Status.network);
          return;
        }
        // While an issuer is down its known keys stay valid.
        cached.isBeingAsked = false;
        this.#succeed(cached.text);
      },
    );
  }

  // Many requests may need a new key at once, but only one asks.
  #lookLater(url: string): void {
    this.#nextLook = setTimeout(() => {
      const cached = keySets.get(url)!;
      if (isAnswerNear(cached)) this.#lookLater(url);
      else this.#succeed(cached.text);
    }, lookIntervalMs);
  }

  #succeed(text: string): void {
    if (this.isComplete) return;
    const body = new BodyStream(new Response(text).body, this.completions);
    this.value = this.streams.add({ body, head: "" });
    this.completions.complete(this);
  }
}

function isAnswerNear({ isBeingAsked, askedAtMs }: KeySet): boolean {
  return isBeingAsked && Date.now() - askedAtMs <= longestWaitMs;
}

function isDue(cached: KeySet, refresh: boolean): boolean {
  const nowMs = Date.now();
  if (!refresh && nowMs - cached.fetchedAtMs <= longestAgeMs) return false;
  if (cached.isBeingAsked) return !isAnswerNear(cached);
  return nowMs - cached.askedAtMs >= shortestRefreshMs;
}

async function fetchKeySet(url: string): Promise<string> {
  const abort = new AbortController();
  const timeout = setTimeout(() => abort.abort(), longestWaitMs);
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      // Keys are trusted because of their URL, so a redirect must not replace it. (workerd has no
      // redirect: "error".)
      redirect: "manual",
      signal: abort.signal,
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new Error(`the issuer answered ${response.status}`);
    }
    const text = await readText(response.body);
    // A wrong page kept for minutes would lock everybody out.
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) throw new Error("the answer is no key set");
    return text;
  } finally {
    clearTimeout(timeout);
  }
}

async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (let bytes = 0; ; ) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > largestSetBytes) {
      await reader.cancel();
      throw new Error("the answer is too large for a key set");
    }
    text += decoder.decode(value, { stream: true });
  }
}
