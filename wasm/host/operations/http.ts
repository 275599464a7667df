import { Status } from "../abi.ts";
import type { Completions } from "../completions.ts";
import { formatHead, parseHead } from "../head.ts";
import { Operation } from "../operation.ts";
import { BodyStream } from "./body.ts";
import type { Streams } from "./streams.ts";

/** One HTTP request of the guest, until the answer's head arrives. */
export class HttpOperation extends Operation {
  readonly #abort = new AbortController();

  constructor(
    id: number,
    private readonly completions: Completions,
    private readonly streams: Streams,
  ) {
    super(id);
  }

  start(head: string, body: Uint8Array<ArrayBuffer> | null): void {
    let request: Request;
    try {
      request = this.#request(head, body);
    } catch {
      this.completions.fail(this, Status.invalid);
      return;
    }
    fetch(request).then(this.#onResponse, this.#onFailure);
  }

  override abandon(): void {
    if (this.value === 0) this.#abort.abort();
    else this.streams.close(this.value);
  }

  #request(head: string, body: Uint8Array<ArrayBuffer> | null): Request {
    const { firstLine, headers } = parseHead(head);
    const space = firstLine.indexOf(" ");
    const url = new URL(firstLine.slice(space + 1));
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      throw new TypeError("only http and https are fetched");
    }
    // A compressed stream arrives in blocks instead of tokens, and the runtimes would ask for one.
    if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
    return new Request(url, {
      method: firstLine.slice(0, space),
      headers,
      body,
      redirect: "manual",
      signal: this.#abort.signal,
    });
  }

  readonly #onResponse = (response: Response): void => {
    if (this.isComplete) {
      // Cancelled before the answer arrived.
      response.body?.cancel().catch(() => {});
      return;
    }
    const body = new BodyStream(response.body, this.completions);
    this.value = this.streams.add({ body, head: formatHead(response.status, response.headers) });
    this.detail = response.status;
    this.completions.complete(this);
  };

  readonly #onFailure = (): void => {
    this.completions.fail(this, Status.network);
  };
}
