// The contents of an event stream according to other people's code: the platform's UTF-8 and
// eventsource-parser.
import { createParser } from "eventsource-parser";

export interface Read {
  /** Type, data and last event id of each. */
  events: [type: string, data: string, lastEventId: string][];
  retry: number | null;
}

const LARGEST_RETRY_MS = 2 ** 32 - 1;

export function readReference(body: Uint8Array): Read {
  const read: Read = { events: [], retry: null };
  let lastEventId = "";
  const parser = createParser({
    onId: (id) => (lastEventId = id),
    onRetry: (ms) => (read.retry = Math.min(ms, LARGEST_RETRY_MS)),
    onEvent: ({ event = "message", data }) => read.events.push([event, data, lastEventId]),
  });
  // The text decoder removes the mark; the parser would remove one too, even if it is written as
  // three characters, so it gets an extra one to remove.
  parser.feed(`\ufeff${new TextDecoder().decode(body)}`);
  return read;
}
