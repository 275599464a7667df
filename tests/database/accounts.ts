// Common parts of tests of accounts and guests.
import { createHash, randomUUID } from "node:crypto";
import type { Row, Target } from "./target.ts";
import { newTokenHash, say, type Principal } from "./turns.ts";

export const DAY_MS = 24 * 3600 * 1000;

export function newExternal(): Principal {
  return { kind: "external", issuer: "https://clerk.test", subject: `user_${randomUUID()}` };
}

/** A principal who has made one turn, and that turn. */
export interface Person {
  principal: Principal;
  id: string;
  turn: Row;
}

export async function personOf(
  target: Target,
  principal: Principal,
  changes: Row = {},
): Promise<Person> {
  const turn = await say(target, principal, "Once?", "Once.", changes);
  return { principal, id: turn["user_id"], turn };
}

export async function guestOf(target: Target, changes: Row = {}): Promise<Person> {
  const token_hash = newTokenHash();
  const guest = await personOf(target, { kind: "new_guest", token_hash }, changes);
  return { ...guest, principal: { kind: "guest", token_hash } };
}

/** The body of migrate_guest's answer. */
export async function migrate(
  target: Target,
  account: Person,
  guest: Person,
  changes: Row = {},
): Promise<Row> {
  const answer = await target.call("migrate_guest", {
    principal: account.principal,
    guest: guest.principal,
    body: { temp_user_id: guest.id, permanent_user_id: account.id },
    ...changes,
  });
  return answer["body"];
}

export const TABLES_OF_OWNERS = [
  "bots",
  "characters",
  "memories",
  "projects",
  "dossiers",
  "sessions",
  "messages",
  "generations",
  "usage",
  "plan_shares",
  "principal_plans",
  "profiles",
];

/** The number of this owner's rows in each table. */
export async function countRows(target: Target, owner_id: string): Promise<Record<string, number>> {
  const counts = TABLES_OF_OWNERS.map(
    async (table) => [table, (await target.select(table, { owner_id })).length] as const,
  );
  return Object.fromEntries(await Promise.all(counts));
}

export const NO_ROWS = Object.fromEntries(TABLES_OF_OWNERS.map((table) => [table, 0]));

/** The record of a deleted account: the hash of a JSON array as PostgreSQL prints it. */
export function identityHash(...identity: string[]): string {
  const json = `[${identity.map((part) => JSON.stringify(part)).join(", ")}]`;
  return createHash("sha256").update(json).digest("hex");
}

export function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString();
}
