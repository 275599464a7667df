import { Status } from "../abi.ts";
import type { Completions } from "../completions.ts";
import { Operation } from "../operation.ts";
import { BodyStream } from "./body.ts";
import type { Streams } from "./streams.ts";

/** A key that its issuer has withdrawn is believed no longer than this. */
const longestAgeMs = 10 * 60_000;
/** An issuer is not asked again sooner, however many unknown keys are presented. */
const shortestRefreshMs = 60_000;
/** No issuer has that many keys: a longer answer is not a key set. */
const largestSetCharacters = 262_144;

interface KeySet {
  text: string;
  fetchedAtMs: number;
  askedAtMs: number;
}

// The one thing that outlives a request besides compiled modules: public text by address. Promises
// are not shared, because workerd ties what a request waits for to that request.
const keySets = new Map<string, KeySet>();

/** Fetches a JSON Web Key Set, or takes it from the isolate's cache. */
export class PublicKeysOperation extends Operation {
  readonly #abort = new AbortController();

  constructor(
    id: number,
    private readonly completions: Completions,
    private readonly streams: Streams,
  ) {
    super(id);
  }

  start(url: string, refresh: boolean): void {
    const cached = keySets.get(url);
    const nowMs = Date.now();
    if (cached !== undefined && !isDue(cached, nowMs, refresh)) {
      this.#succeed(cached.text);
      return;
    }
    if (!URL.canParse(url)) {
      this.completions.fail(this, Status.invalid);
      return;
    }
    if (cached !== undefined) cached.askedAtMs = nowMs;
    fetchText(url, this.#abort.signal).then(
      (text) => {
        keySets.set(url, { text, fetchedAtMs: nowMs, askedAtMs: nowMs });
        this.#succeed(text);
      },
      () => {
        // While an issuer is down its known keys stay good.
        if (cached !== undefined) this.#succeed(cached.text);
        else this.completions.fail(this, Status.network);
      },
    );
  }

  override abandon(): void {
    this.#abort.abort();
    if (this.value !== 0) this.streams.close(this.value);
  }

  #succeed(text: string): void {
    if (this.isComplete) return;
    const body = new BodyStream(new Response(text).body, this.completions);
    this.value = this.streams.add({ body, head: "" });
    this.completions.complete(this);
  }
}

function isDue(cached: KeySet, nowMs: number, refresh: boolean): boolean {
  const wanted = refresh || nowMs - cached.fetchedAtMs > longestAgeMs;
  return wanted && nowMs - cached.askedAtMs >= shortestRefreshMs;
}

async function fetchText(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { headers: { accept: "application/json" }, signal });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the issuer answered ${response.status}`);
  }
  const text = await response.text();
  if (text.length > largestSetCharacters) throw new Error("the answer is no key set");
  return text;
}
