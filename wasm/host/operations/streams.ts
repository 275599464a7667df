import type { BodyStream } from "./body.ts";

/** A body and its head. */
export interface OpenStream {
  body: BodyStream;
  /** The head as text; empty when there was none. */
  head: string;
}

/** The streams of one guest by number; 0 is the incoming request's body. */
export class Streams {
  readonly #open = new Map<number, OpenStream>();
  #last = 0;

  constructor(requestBody: BodyStream) {
    this.#open.set(0, { body: requestBody, head: "" });
  }

  add(stream: OpenStream): number {
    this.#last += 1;
    this.#open.set(this.#last, stream);
    return this.#last;
  }

  find(number: number): OpenStream | undefined {
    return this.#open.get(number);
  }

  close(number: number): void {
    this.#open.get(number)?.body.close();
    this.#open.delete(number);
  }

  closeAll(): void {
    for (const { body } of this.#open.values()) body.close();
    this.#open.clear();
  }
}
