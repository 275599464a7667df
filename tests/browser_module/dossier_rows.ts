// A log of an invented dossier: an extractor's findings in many messages, and a person's acts.
import { createHash } from "node:crypto";
import type { DossierEntry } from "../../wasm/browser/fabula.ts";

const GIVEN = ["Ada", "Bela", "Cyril", "Dora", "Émile", "Фёдор", "Grace", "花子", "Ivo", "ليلى"];
const FAMILY = ["Marsh", "Quill", "Rook", "Söderström", "Thorn"];
const CREATED_MS = Date.UTC(2026, 10, 21);

function row(kind: DossierEntry["kind"], body: object, messageId: string | null): DossierEntry {
  const content = { kind, body: body as Record<string, unknown>, message_id: messageId };
  const assertion_id = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return { assertion_id, ...content };
}

/** Mentions of people, `count` of them, with facts that agree, clash and are corrected. */
export function dossierRows(count: number): DossierEntry[] {
  const rows: DossierEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    const messageId = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
    const person = index % Math.max(1, Math.floor(count / 3));
    const given = GIVEN[person % GIVEN.length]!;
    const name = `${given} ${FAMILY[person % FAMILY.length]!} ${person}`;
    const age = String(index % 3 ? 20 : 21);
    const quote = `${name} is ${age}`;
    const said = {
      at: CREATED_MS + index * 1000,
      quote,
      source: { begin: 0, end: Buffer.byteLength(quote) },
      model: "scripted:one",
      prompt: "1",
      delivery: `${messageId}:0-${Buffer.byteLength(quote)}`,
      type: "character",
      ref: "character:1",
    };
    rows.push(
      row("extracted", { ...said, do: "mention", name, aliases: index % 4 ? [] : [given] }, messageId),
      row("extracted", { ...said, do: "fact", field: "age", value: age }, messageId),
    );
    if (index % 5 === 0) {
      const target = rows.at(-2)!.assertion_id;
      const operation = `00000000-0000-4000-9000-${String(index).padStart(12, "0")}`;
      const set = { do: "set", at: said.at + 500, operation, target, field: "description", replaces: [] };
      rows.push(row("user", { ...set, value: `Person ${person}, as I see them 🦊` }, null));
    }
  }
  return rows;
}
