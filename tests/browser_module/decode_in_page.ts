import type { Page } from "playwright-core";
import type { Decoded } from "./reference.ts";

export interface CutStream {
  bytes: Uint8Array;
  /** Lengths of the pieces that it is fed in. */
  lengths: number[];
}

/** The module's output in the page for the streams, each decoded by its own ChatStream. */
export async function decodeInPage(page: Page, streams: CutStream[]): Promise<Decoded[]> {
  const given = streams.map(({ bytes, lengths }) => {
    return { base64: Buffer.from(bytes).toString("base64"), lengths };
  });
  // As JSON: otherwise a lone surrogate would not survive the transfer.
  const json = await page.evaluate((cases) => {
    const results = cases.map(({ base64, lengths }) => {
      const bytes = Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
      const stream = window.fabula.openChatStream();
      let at = 0;
      const events = lengths.flatMap((length) => {
        at += length;
        return stream.feed(bytes.subarray(at - length, at));
      });
      const { lastId, isOver } = stream;
      stream.dispose();
      return { events, lastId, isOver };
    });
    return JSON.stringify(results);
  }, given);
  return JSON.parse(json) as Decoded[];
}
