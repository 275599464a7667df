import type { ChatEvent, Metadata } from "./fabula.ts";

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** The event in a frame's data; null when its type is unknown. */
export function readEvent(data: string, id: string): ChatEvent | null | "unreadable" {
  const frame = parseJson(data);
  if (!isObject(frame) || typeof frame["type"] !== "string") return "unreadable";
  const { type, content, metadata, error } = frame;
  switch (type) {
    case "text":
      return typeof content === "string" ? { type, content, id } : "unreadable";
    case "metadata":
      // The fields are the server's own and passed on unchanged.
      return isObject(metadata)
        ? { type, metadata: metadata as unknown as Metadata, id }
        : "unreadable";
    case "done":
      return { type, id };
    case "error":
      return readError(error, id);
    default:
      return null;
  }
}

export function unreadable(id: string, message: string): ChatEvent {
  return { type: "error", error: { code: "unreadable_stream", message, retryable: true }, id };
}

function readError(error: unknown, id: string): ChatEvent | "unreadable" {
  if (!isObject(error)) return "unreadable";
  const { code, message, retryable } = error;
  const isComplete =
    typeof code === "string" && typeof message === "string" && typeof retryable === "boolean";
  return isComplete ? { type: "error", error: { code, message, retryable }, id } : "unreadable";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
