// Exported files, by the program that writes them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { Book } from "./books.ts";

export interface Exported {
  bytes: Buffer;
  mediaType: string;
  contentDisposition: string;
}

export function run(book: unknown, format: string) {
  // JSON.stringify writes lone surrogates as escapes, as clients do.
  const input = JSON.stringify(book);
  return spawnSync(process.env["STORY_FILE"]!, [format], { input, maxBuffer: 1 << 28 });
}

export function exported(book: Book, format: string): Exported {
  const { status, stdout, stderr } = run(book, format);
  assert.equal(status, 0, stderr.toString());
  const told = JSON.parse(stderr.toString()) as { media_type: string; content_disposition: string };
  return { bytes: stdout, mediaType: told.media_type, contentDisposition: told.content_disposition };
}

export function exportedText(book: Book, format: string): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(exported(book, format).bytes);
}
