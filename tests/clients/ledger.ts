// The changes of a test's step in the database, table by table, as the secret key sees them.
import assert from "node:assert/strict";
import { TABLES, type Backend, type Row, type Table } from "./backend.ts";

type Everything = Awaited<ReturnType<Backend["everything"]>>;

export class Ledger {
  readonly #backend: Backend;
  /** The state after the last step: the next step notices changes between two steps. */
  #before: Everything | undefined;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Does a step, which must change rows of exactly these tables. */
  async changes<Value>(tables: readonly Table[], step: () => Promise<Value>): Promise<Value> {
    const before = (this.#before ??= await this.#backend.everything());
    const value = await step();
    const after = (this.#before = await this.#backend.everything());
    const changed = TABLES.filter((table) => digest(before[table]!) !== digest(after[table]!));
    const expected = TABLES.filter((table) => tables.includes(table));
    assert.deepEqual(changed, expected, "the tables that have changed");
    return value;
  }

  /** Does a step that must change nothing. */
  reads<Value>(step: () => Promise<Value>): Promise<Value> {
    return this.changes([], step);
  }

  /** Tables in whose rows the text stood after the last step. */
  tablesWith(text: string): Table[] {
    return TABLES.filter((table) => JSON.stringify(this.#before?.[table]).includes(text));
  }

  /** How many rows of each table this owner had after the last step. */
  counts(ownerId: string, ...tables: readonly Table[]): number[] {
    const isTheirs = (row: Row) => row["owner_id"] === ownerId;
    return tables.map((table) => this.#before?.[table]?.filter(isTheirs).length ?? 0);
  }
}

/** Rows whatever their order, without the allowance of calls, which each call uses, also a repeated one. */
function digest(rows: Row[]): string {
  return rows
    .filter(({ action }) => action !== "admission")
    .map((row) => JSON.stringify(row))
    .sort()
    .join("\n");
}
