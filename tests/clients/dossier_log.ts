// Adds a model's findings to a dossier's log, like the worker that asks models.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Row } from "./backend.ts";
import type { Stack } from "./stack.ts";

/** JSON without spaces, members sorted by name. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}

/** The id that an entry of a log must have. */
export function entryId(entry: Row): string {
  const { project_id: project, kind, message_id, body } = entry;
  const content = canonical({ project, kind, message_id: message_id ?? null, body });
  return createHash("sha256").update(content).digest("hex");
}

async function rpc(stack: Stack, name: string, request: object): Promise<Row> {
  const response = await fetch(`${stack.backend.databaseUrl}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: { apikey: stack.backend.keys.secretKey, "content-type": "application/json" },
    body: JSON.stringify({ request }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Row;
}

export interface Source {
  project_id: string;
  /** Null for findings outside messages, such as an import's. */
  message_id: string | null;
  /** The message's text: quotes are looked for in it. */
  text: string;
  at: number;
  delivery: string;
}

/**
 * Adds the findings of an answer about a message; each entry with its `quote`. Nothing of it is
 * folded. Ids are those of the project, or else of another one.
 */
export async function find(
  stack: Stack,
  source: Source,
  said: Row[],
  idsOf = source.project_id,
): Promise<Row[]> {
  const { project_id, message_id, text, at, delivery } = source;
  const assertions = said.map((members) => {
    const quote = members["quote"] as string;
    const place = text.indexOf(quote);
    assert.ok(place >= 0, `${quote} in ${text}`);
    const begin = Buffer.byteLength(text.slice(0, place));
    const body = {
      at,
      delivery,
      model: "scripted:a-model",
      prompt: "1",
      source: { begin, end: begin + Buffer.byteLength(quote) },
      ...members,
    };
    const entry = { project_id: idsOf, kind: "extracted", message_id, body };
    return { assertion_id: entryId(entry), kind: "extracted", message_id, body };
  });
  const { added } = await rpc(stack, "commit_assertions", { project_id, base: 0, assertions });
  assert.equal(added, assertions.length);
  return assertions;
}

/** A character that an answer mentions. */
export function mention(name: string, quote: string, more: Row = {}): Row {
  return { do: "mention", type: "character", ref: `character:${name}`, name, aliases: [], quote, ...more };
}

/** An answer's fact about a character that it mentions. */
export function fact(name: string, field: string, value: string, quote: string, more: Row = {}): Row {
  return { do: "fact", type: "character", ref: `character:${name}`, field, value, quote, ...more };
}
