// The contents of a stream according to other people's code: eventsource-parser and JSON.parse on
// all of it.
import { createParser } from "eventsource-parser";
import type { ChatEvent } from "../../wasm/browser/fabula.ts";

export interface Decoded {
  events: ChatEvent[];
  lastId: string;
  isOver: boolean;
}

export function decodeReference(bytes: Uint8Array): Decoded {
  const decoded: Decoded = { events: [], lastId: "", isOver: false };
  let id = "";
  const parser = createParser({
    onId: (given) => (id = given),
    onEvent: ({ event = "message", data }) => {
      if (event === "message" && !decoded.isOver) read(data, id, decoded);
    },
  });
  parser.feed(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  return decoded;
}

function read(data: string, id: string, decoded: Decoded): void {
  const frame = parse(data);
  if (typeof frame?.type !== "string" || !hasItsFields(frame)) {
    const message = "The answer cannot be read.";
    const error = { code: "unreadable_stream", message, retryable: true };
    decoded.events.push({ type: "error", error, id: decoded.lastId });
    decoded.isOver = true;
    return;
  }
  decoded.lastId = id;
  decoded.isOver = frame.type === "done" || frame.type === "error";
  const { type, content, metadata } = frame;
  if (type === "text") decoded.events.push({ type, content, id });
  if (type === "metadata") decoded.events.push({ type, metadata, id });
  if (type === "done") decoded.events.push({ type, id });
  if (type === "error") {
    const { code, message, retryable } = frame.error;
    decoded.events.push({ type, error: { code, message, retryable }, id });
  }
}

// JSON.parse gives `any`, and that is what is examined here.
type Json = ReturnType<typeof JSON.parse>;

function hasItsFields({ type, content, metadata, error }: Json): boolean {
  if (type === "text") return typeof content === "string";
  if (type === "metadata") return metadata !== null && typeof metadata === "object";
  if (type !== "error") return true;
  const kinds = [error?.code, error?.message, error?.retryable].map((it) => typeof it);
  return kinds.join() === "string,string,boolean";
}

function parse(data: string): Json {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
