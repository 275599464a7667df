// All rows of a database, and the changes that a migration makes in them.
import type pg from "pg";

export interface StoredTable {
  /** Those that are stored for their own sake, not generated from others. */
  columns: string[];
  rows: Record<string, unknown>[];
  /** Changes when the table is written anew, during which nobody else can use it. */
  file: string;
}

export type StoredRows = Map<string, StoredTable>;

/** How a migration says that it changes rows. */
export interface StatedChanges {
  /** The new names of columns, by "table.column". */
  renamed?: Record<string, string>;
  /** Columns whose values change, each as "table.column". */
  changed?: string[];
  /** Columns that go, each as "table.column". */
  dropped?: string[];
  /** Tables that are written anew. */
  rewritten?: string[];
}

const TABLES = `
  select format('%I.%I', relnamespace::regnamespace, relname) as name, relfilenode::text as file,
    (select json_agg(attname) from pg_attribute
     where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
  from pg_class
  where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p')
  order by 1`;

export async function readRows(client: pg.Client): Promise<StoredRows> {
  const stored: StoredRows = new Map();
  for (const { name, file, columns } of (await client.query(TABLES)).rows) {
    const { rows } = await client.query(`select to_jsonb(stored) as row from ${name} as stored`);
    stored.set(name, { columns, file, rows: rows.map(({ row }) => row) });
  }
  return stored;
}

/** A sentence for each change that is not stated; none when everything is as it was. */
export function unstatedChanges(
  before: StoredRows,
  after: StoredRows,
  { renamed = {}, changed = [], dropped = [], rewritten = [] }: StatedChanges = {},
): string[] {
  const found: string[] = [];
  for (const [name, earlier] of before) {
    const later = after.get(name);
    if (!later) {
      found.push(`${name} is gone`);
      continue;
    }
    if (later.file !== earlier.file && !rewritten.includes(name)) found.push(`${name} is written anew`);
    if (later.rows.length !== earlier.rows.length) {
      found.push(`${name} had ${earlier.rows.length} rows, and has ${later.rows.length}`);
    }
    const kept: [string, string][] = [];
    for (const column of earlier.columns) {
      const named = renamed[`${name}.${column}`] ?? column;
      if (changed.includes(`${name}.${column}`) || dropped.includes(`${name}.${column}`)) continue;
      if (later.columns.includes(named)) kept.push([column, named]);
      else found.push(`${name}.${column} is gone`);
    }
    const ours = earlier.rows.map((row) => kept.map(([column]) => row[column]));
    const theirs = later.rows.map((row) => kept.map(([, column]) => row[column]));
    const lost = missingFrom(theirs, ours);
    if (lost.length > 0) {
      found.push(`${name}: ${lost.length} rows have lost a value, the first of them ${lost[0]}`);
    }
  }
  return found;
}

/** The rows of the second list that the first one has not, or not as often. */
function missingFrom(rows: unknown[][], wanted: unknown[][]): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const text = JSON.stringify(row);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return wanted
    .map((row) => JSON.stringify(row))
    .filter((text) => {
      const left = counts.get(text) ?? 0;
      counts.set(text, left - 1);
      return left <= 0;
    });
}
