/**
 * Files of a bundle that are sent unchanged, by paths without the platform's prefix. They never
 * reach a guest, whose module would have to keep them in each instance's memory.
 */
import { functionPath } from "./routing.ts";

export interface StaticFiles {
  /** The type and etag of each file, by its path: "/docs/viewer.js". */
  facts: Record<string, StaticFileFacts>;
  /** The contents of a file that `facts` names. */
  read(path: string): Promise<BodyInit>;
}

export interface StaticFileFacts {
  type: string;
  /** Includes its quotes. */
  etag: string;
}

/** The answer to a request for one of the files; undefined for any other request. */
export async function staticFileResponse(
  request: Request,
  files: StaticFiles,
): Promise<Response | undefined> {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const path = functionPath(request.url);
  if (!Object.hasOwn(files.facts, path)) return undefined;
  const { type, etag } = files.facts[path] as StaticFileFacts;
  const headers = {
    "cache-control": "no-cache",
    "content-type": type,
    "x-content-type-options": "nosniff",
    etag,
  };
  // The etag is weak if an intermediary has compressed the file.
  const known = (request.headers.get("if-none-match") ?? "").split(/,\s*/);
  if (known.some((tag) => tag.replace(/^W\//, "") === etag)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(request.method === "HEAD" ? null : await files.read(path), { headers });
}

/** Files whose contents are gzipped and base64 encoded, in a module that is loaded on demand. */
export function packedFiles(
  facts: StaticFiles["facts"],
  load: () => Promise<{ default: Record<string, string> }>,
): StaticFiles {
  return {
    facts,
    async read(path) {
      const { default: packed } = await load();
      const bytes = bytesOfBase64(packed[path] ?? "");
      return new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    },
  };
}

export function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}
