/** The host's view of a guest's memory. Every address and length comes from the guest. */

const encoder = new TextEncoder();
// A byte order mark is text like any other: the guest's text is passed on unchanged.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const encodeText = (text: string): Uint8Array => encoder.encode(text);

export class GuestMemory {
  #memory: WebAssembly.Memory | null = null;
  #bytes = new Uint8Array(0);
  #words = new DataView(this.#bytes.buffer);

  /** The guest's imports are made before its memory is. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
  }

  /** A copy, for use after the call. */
  copy(address: number, length: number): Uint8Array<ArrayBuffer> {
    const begin = address >>> 0;
    const end = begin + (length >>> 0);
    this.#check(begin, end);
    return this.#bytes.slice(begin, end);
  }

  text(address: number, length: number): string {
    return decoder.decode(this.window(address, length));
  }

  /** The guest's own bytes: valid only until the guest runs again. */
  window(address: number, length: number): Uint8Array<ArrayBuffer> {
    const begin = address >>> 0;
    const end = begin + (length >>> 0);
    this.#check(begin, end);
    return this.#bytes.subarray(begin, end);
  }

  /** Writes as much as fits and returns the whole length: the contract of the immediate imports. */
  fill(address: number, capacity: number, bytes: Uint8Array): number {
    const length = Math.min(capacity >>> 0, bytes.length);
    if (length > 0) this.window(address, length).set(bytes.subarray(0, length));
    return bytes.length;
  }

  /** Writes all of `bytes`, for which the guest has room. */
  put(address: number, bytes: Uint8Array): void {
    const begin = address >>> 0;
    this.#check(begin, begin + bytes.length);
    this.#bytes.set(bytes, begin);
  }

  setWord(address: number, value: number): void {
    const begin = address >>> 0;
    this.#check(begin, begin + 4);
    this.#words.setInt32(begin, value, true);
  }

  /** Throws, and so ends the instance, when the range is outside the guest's memory. */
  #check(begin: number, end: number): void {
    // Memory that has grown has a new buffer; the old one is detached, which empties its views.
    // Only their length is checked, because `memory.buffer` is a call into the engine.
    if (this.#bytes.length === 0 && this.#memory !== null) {
      this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
      this.#words = new DataView(this.#memory.buffer);
    }
    if (end > this.#bytes.length) {
      throw new RangeError(`the guest named the bytes ${begin} to ${end}, outside its memory`);
    }
  }
}
