// Bodies that a seed makes: bits of event streams and of UTF-8, right and wrong, in any order; and
// some that are streams of chat.
import { randomCuts, randomStream } from "../browser_module/random_streams.ts";
import type { Random } from "../random_numbers.ts";

const bytes = (...values: number[]) => Buffer.from(values);

const FIELDS = ["data: ", "data:", "data", "event: ", "event:", "event", "id: ", "id:", "id", "retry: ", "retry:"];
const STRANGE = [":", ": ", " ", "  ", "Data: ", " data: ", "data : ", "dat", "datax", "ids", "retry", "x: ", "x"];
const VALUES = ["a", "b", "字", "🦊", "é", "[DONE]", '{"a":1}', "0", "250", "+1", "1.5", "9999999999", "\0", "\u2028"];
const BYTE_ORDER_MARK = bytes(0xef, 0xbb, 0xbf);
/** Parts of characters, and invalid bytes. */
const BROKEN = [
  bytes(0xef),
  bytes(0xef, 0xbb),
  bytes(0xbf),
  bytes(0x80),
  bytes(0xc3),
  bytes(0xc0, 0xaf),
  bytes(0xe5, 0xad),
  bytes(0xed, 0xa0, 0x80),
  bytes(0xf0, 0x9f, 0xa6),
  bytes(0xf4, 0x90, 0x80, 0x80),
  bytes(0xff),
];
const LINE_ENDS = ["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r"].map((it) => Buffer.from(it));
const buffers = (texts: readonly string[]) => texts.map((it) => Buffer.from(it));
const TEXTS = { fields: buffers(FIELDS), strange: buffers(STRANGE), values: buffers(VALUES) };

export interface CutBody {
  body: Buffer;
  /** Lengths of the pieces. */
  lengths: number[];
}

export function randomBody(random: Random): CutBody {
  const body = random(16) === 0 ? randomStream(random) : strangeBody(random);
  return { body, lengths: randomCuts(random, body.length) };
}

function strangeBody(random: Random): Buffer {
  const oneOf = <T>(choices: readonly T[]): T => choices[random(choices.length)]!;
  const parts: Buffer[] = random(8) === 0 ? [BYTE_ORDER_MARK] : [];
  const isCalm = random(3) === 0;
  for (let count = random(16); count > 0; count -= 1) {
    const kind = random(isCalm ? 10 : 16);
    if (kind < 6) parts.push(oneOf(TEXTS.fields), oneOf(TEXTS.values), oneOf(LINE_ENDS));
    else if (kind === 6) parts.push(oneOf(TEXTS.fields));
    else if (kind < 9) parts.push(oneOf(LINE_ENDS));
    else if (kind === 9) parts.push(oneOf(TEXTS.values));
    else if (kind < 12) parts.push(oneOf(TEXTS.strange));
    else if (kind < 14) parts.push(oneOf(BROKEN));
    else if (kind === 14) parts.push(BYTE_ORDER_MARK);
    else parts.push(Buffer.from([random(256), random(256)].slice(random(2))));
  }
  return Buffer.concat(parts);
}
