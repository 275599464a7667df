import type { CoreModule } from "fabula-core";

const MAXIMUM_TEXT_BYTES = 1 << 20;
const MAXIMUM_JSON_BYTES = 16 << 20;

const encoder = new TextEncoder();
// A byte order mark is text like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function readText(core: CoreModule, address: number, bytes: number): string {
  return decoder.decode(core.HEAPU8.subarray(address, address + bytes));
}

/** The result of one of the core's functions for a text. Lone surrogates become U+FFFD. */
export function transformText(
  core: CoreModule,
  input: string,
  transform: (text: number) => void,
): string {
  return withText(core, input, transform, MAXIMUM_TEXT_BYTES).output;
}

/** The text that a function of the core makes of a text, and its return value. */
export function withText<Returned>(
  core: CoreModule,
  input: string,
  call: (text: number) => Returned,
  maximumBytes = MAXIMUM_JSON_BYTES,
): { output: string; result: Returned } {
  const encoded = encoder.encode(input);
  if (encoded.length > maximumBytes) {
    throw new RangeError(`the text has ${encoded.length} bytes: at most ${maximumBytes}`);
  }
  const text = core._fabula_text_create(encoded.length);
  core.HEAPU8.set(encoded, core._fabula_text_data(text));
  const result = call(text);
  const output = readText(core, core._fabula_text_data(text), core._fabula_text_bytes(text));
  core._fabula_text_destroy(text);
  return { output, result };
}
