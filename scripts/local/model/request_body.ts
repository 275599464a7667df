// Reads a request's body as JSON, up to a size.
import type { IncomingMessage } from "node:http";
import { ApiError } from "./errors.ts";

/** A full context is some 20 KB of text; this leaves room for schemas and escapes. */
const MAXIMUM_BODY_BYTES = 4 * 1024 * 1024;

export interface JsonBody {
  value: unknown;
  text: string;
}

export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAXIMUM_BODY_BYTES) {
      const message = `The body must be at most ${MAXIMUM_BODY_BYTES} bytes.`;
      throw new ApiError({
        status: 413,
        code: "request_too_large",
        message,
        headers: { Connection: "close" },
      });
    }
    pieces.push(piece);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
    return { value: JSON.parse(text) as unknown, text };
  } catch {
    const message = "We could not parse the JSON body of your request.";
    throw new ApiError({ status: 400, code: "invalid_json", message });
  }
}
