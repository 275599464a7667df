// Fills every table of a database that these tests do not know: with rows that satisfy all constraints, in
// which each column that may be null is null once and filled once, and each column with a list of texts has
// each of them.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { randomNumbers } from "../random_numbers.ts";
import { choices, readTables, type Reference, type Table } from "./table_shapes.ts";

/** Each column's value as a text; a column that is missing takes its default. */
type Values = Record<string, string | null>;

/** A row that is wanted: with nothing in a column, with anything, or with one text. */
interface Wish {
  column: string;
  value: "null" | "filled" | { text: string };
}

const ATTEMPTS = 400;
const ATTEMPTS_OF_ONE_ROW = 25;
/** Of ten rows this many have something in a column that may be null. */
const FILLED_OF_TEN = 6;
const LINKED_ROWS = 3;

/**
 * Adds rows until each wish is fulfilled that the tables allow; the client is their owner's. Triggers are
 * disabled meanwhile. Returns the wishes that no row has fulfilled, each as "table.column: value".
 */
export async function fillTables(client: pg.Client, seed: number): Promise<string[]> {
  const tables = await readTables(client);
  const filling = new Filling(client, tables, seed);
  const triggers = (setting: string) =>
    client.query(tables.map(({ name }) => `alter table ${name} ${setting} trigger user`).join(";"));
  await triggers("disable");
  for (const table of tables) await filling.fill(table);
  for (const table of tables) await filling.link(table);
  await triggers("enable");
  const left: string[] = [];
  for (const table of tables) {
    for (const { column, value } of await filling.unfulfilled(table)) {
      left.push(`${table.name}.${column}: ${typeof value === "string" ? value : value.text}`);
    }
  }
  return left;
}

class Filling {
  private readonly client: pg.Client;
  private readonly order: string[];
  private readonly random: (limit: number) => number;
  private rows = 0;
  private readonly parents = new Map<string, Values[]>();

  constructor(client: pg.Client, tables: Table[], seed: number) {
    this.client = client;
    this.order = tables.map(({ name }) => name);
    this.random = randomNumbers(seed);
    this.rows = seed * 1000;
  }

  /** Adds rows for the wishes that no row fulfils yet, as far as it can. */
  async fill(table: Table): Promise<void> {
    this.parents.clear();
    let left = await this.unfulfilled(table);
    for (const wish of [...left]) {
      if (!left.some((other) => isDeepStrictEqual(other, wish))) continue;
      // A row often fulfils other wishes too.
      if (await this.add(table, wish)) left = await this.unfulfilled(table);
    }
    if (await this.isEmpty(table)) await this.add(table, undefined);
  }

  async unfulfilled(table: Table): Promise<Wish[]> {
    const wishes = wishesOf(table);
    if (wishes.length === 0) return [];
    const sql = `select array[${wishes.map(conditionOf).join(", ")}] as fulfilled from ${table.name}`;
    const { rows } = await this.client.query<{ fulfilled: (boolean | null)[] }>(sql);
    return wishes.filter((_, index) => !rows[0]!.fulfilled[index]);
  }

  private async isEmpty(table: Table): Promise<boolean> {
    return (await this.client.query(`select from ${table.name} limit 1`)).rowCount === 0;
  }

  /** Draws rows, and draws again the columns of each rule that one has broken. */
  private async add(table: Table, wish: Wish | undefined): Promise<boolean> {
    let values: Values = {};
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (attempt % ATTEMPTS_OF_ONE_ROW === 0) values = await this.drawRow(table, wish);
      const broken = await this.insert(table, values);
      if (broken === null) return true;
      if (broken === "reference") {
        values = await this.drawRow(table, wish);
        continue;
      }
      const referring = table.references.flatMap(({ columns }) => columns);
      if (broken.some((column) => referring.includes(column))) {
        values = await this.drawRow(table, wish);
        continue;
      }
      for (const column of broken) this.draw(table, column, values, wish);
    }
    return false;
  }

  private async drawRow(table: Table, wish: Wish | undefined): Promise<Values> {
    this.rows += 1;
    const values: Values = {};
    const drawn = new Set<string>();
    // Rows further down first: they say which rows further up are meant.
    const references = [...table.references].sort(
      (one, other) => this.order.indexOf(other.parent) - this.order.indexOf(one.parent),
    );
    for (const reference of references) await this.refer(table, reference, values, drawn, wish);
    for (const { name } of table.columns) {
      if (!drawn.has(name)) this.draw(table, name, values, wish);
    }
    return values;
  }

  private async refer(
    table: Table,
    reference: Reference,
    values: Values,
    drawn: Set<string>,
    wish: Wish | undefined,
  ): Promise<void> {
    const pairs = reference.columns
      .map((name, index) => ({
        column: table.columns.find((column) => column.name === name),
        parent: reference.parentColumns[index]!,
      }))
      .filter((pair) => pair.column !== undefined);
    const optional = pairs.filter(({ column }) => column!.isNullable && !drawn.has(column!.name));
    const wished = optional.find(({ column }) => column!.name === wish?.column);
    const isNull =
      optional.length > 0 &&
      (wished ? wish!.value === "null" : this.random(10) >= FILLED_OF_TEN);
    const fitting = (await this.parentRows(reference.parent)).filter((row) =>
      pairs.every(({ column, parent }) => {
        const name = column!.name;
        if (!drawn.has(name) || values[name] === null) return true;
        return values[name] === row[parent];
      }),
    );
    const parent = isNull || fitting.length === 0 ? undefined : fitting[this.random(fitting.length)]!;
    for (const { column, parent: key } of pairs) {
      const name = column!.name;
      if (drawn.has(name)) continue;
      if (parent) values[name] = parent[key]!;
      else if (column!.isNullable) values[name] = null;
      else continue;
      drawn.add(name);
    }
  }

  private async parentRows(name: string): Promise<Values[]> {
    const known = this.parents.get(name);
    if (known) return known;
    const { rows } = await this.client.query<{ row: Record<string, unknown> }>(
      `select to_jsonb(parent) as row from ${name} as parent`,
    );
    const parents = rows.map(({ row }) =>
      Object.fromEntries(
        Object.entries(row).map(([column, value]) => [column, value === null ? null : String(value)]),
      ),
    );
    this.parents.set(name, parents);
    return parents;
  }

  private draw(table: Table, name: string, values: Values, wish: Wish | undefined): void {
    const column = table.columns.find((candidate) => candidate.name === name);
    // A generated column changes with those that it is made of.
    if (!column) {
      for (const other of table.columns) {
        if (other.type === "integer") this.draw(table, other.name, values, wish);
      }
      return;
    }
    const wished = wish?.column === name ? wish.value : undefined;
    if (wished !== undefined && typeof wished !== "string") values[name] = wished.text;
    else if (wished === "null") values[name] = null;
    else if (column.isNullable && wished === undefined && this.random(10) >= FILLED_OF_TEN) values[name] = null;
    else if (column.hasDefault && wished === undefined && this.random(4) === 0) delete values[name];
    else {
      const candidates = this.candidates(table, name, column.type);
      values[name] = candidates[this.random(candidates.length)]!;
    }
  }

  private candidates(table: Table, column: string, type: string): string[] {
    const name = `${table.name} ${column} ${this.rows} ${this.random(2 ** 20)}`;
    const hash = createHash("sha256").update(name).digest("hex");
    const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
    if (type === "uuid") return [id];
    if (type === "text") {
      const listed = choices(table, column);
      if (listed.length > 0) return listed;
      const own = createHash("md5").update(`${table.name} ${this.rows}`).digest("hex").slice(0, 8);
      return [`word_${own}`, `Ein Fuchs, ${own}.`, hash, hash.slice(0, 16), `local:${own}`, ...quoted(table, column), ...ids(table, this.rows)];
    }
    if (type === "integer" || type === "bigint") return ["0", "1", "2", "3", `${4 + this.random(90)}`];
    if (type.startsWith("numeric") || type === "double precision") return ["0", "1", "1.25"];
    if (type === "boolean") return ["true", "false"];
    if (type === "jsonb") return ["{}", "[]", `{"text": "${hash}"}`, `["${hash}"]`];
    if (type === "timestamp with time zone") {
      const day = 1 + this.random(28);
      return [`2026-0${1 + this.random(9)}-${`${day}`.padStart(2, "0")}T12:34:56.789012Z`];
    }
    if (type === "date") return [`2026-0${1 + this.random(9)}-01`];
    if (type === "interval") return ["1 day", "7 days"];
    if (type === "text[]") return ["{}", `{${hash}}`];
    if (type === "uuid[]") return ["{}", `{${id}}`];
    throw new Error(`${table.name}.${column}: no values are known for ${type}`);
  }

  /** Null: the row is there. Otherwise the columns of the rule that it breaks. */
  private async insert(table: Table, values: Values): Promise<string[] | "reference" | null> {
    if (ids(table, this.rows).length > 0) values[table.primaryKey[0]!] = ids(table, this.rows)[0]!;
    const columns = table.columns.filter(({ name }) => name in values);
    const placed = columns.map(({ type }, index) => `$${index + 1}::text::${type}`);
    const sql =
      columns.length === 0
        ? `insert into ${table.name} default values`
        : `insert into ${table.name} (${columns.map(({ name }) => `"${name}"`).join(", ")})
           values (${placed.join(", ")})`;
    try {
      await this.client.query(sql, columns.map(({ name }) => values[name]));
      this.parents.delete(table.name);
      return null;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { code, constraint, column } = error;
      if (code === "23502" && column) return [column];
      if (code === "23503") return "reference";
      const rule = [...table.checks, ...table.uniques].find(({ name }) => name === constraint);
      if (rule) return rule.columns;
      throw new Error(`${table.name}: ${error.message}`, { cause: error });
    }
  }

  /** Fills references to tables that were filled later, in rows that have none. */
  async link(table: Table): Promise<void> {
    for (const reference of table.references) {
      if (this.order.indexOf(reference.parent) <= this.order.indexOf(table.name)) continue;
      const pairs = reference.columns.map((name, index) => ({ name, key: reference.parentColumns[index]! }));
      const open = pairs.filter(({ name }) => table.columns.some((column) => column.name === name && column.isNullable));
      const given = pairs.filter((pair) => !open.includes(pair));
      const conditions = [
        ...given.map(({ name, key }) => `child.${name} = parent.${key}`),
        ...open.map(({ name }) => `child.${name} is null`),
      ];
      await this.client.query(
        `update ${table.name} as changed
         set ${open.map(({ name, key }) => `${name} = found.${key}`).join(", ")}
         from (
           select distinct on (child.ctid) child.ctid as child_place, parent.*
           from ${table.name} child join ${reference.parent} parent on ${conditions.join(" and ")}
           order by child.ctid
           limit ${LINKED_ROWS}
         ) found
         where changed.ctid = found.child_place`,
      );
    }
  }
}

function wishesOf(table: Table): Wish[] {
  // A table of one row has no choice.
  const key = table.columns.find(({ name }) => name === table.primaryKey[0]);
  if (table.primaryKey.length === 1 && key?.type === "boolean") return [];
  return table.columns.flatMap(({ name, isNullable }): Wish[] => [
    ...choices(table, name).map((text) => ({ column: name, value: { text } })),
    ...(isNullable
      ? [
          { column: name, value: "filled" as const },
          { column: name, value: "null" as const },
        ]
      : []),
  ]);
}

function conditionOf({ column, value }: Wish): string {
  if (typeof value !== "string") return `bool_or(${column} = ${pg.escapeLiteral(value.text)})`;
  return value === "null" ? `bool_or(${column} is null)` : `bool_or(${column} is not null)`;
}

/** Texts that the checks of a column name. */
function quoted(table: Table, column: string): string[] {
  return table.checks
    .filter(({ columns }) => columns.includes(column))
    .flatMap(({ text }) => [...text.matchAll(/'([a-z_/]+)'::text/g)].map(([, literal]) => literal!));
}

/** The id of a table's row, which other columns may repeat. */
function ids(table: Table, row: number): string[] {
  const key = table.columns.find(({ name }) => name === table.primaryKey[0]);
  const refers = table.references.some(({ columns }) => columns.includes(key?.name ?? ""));
  if (table.primaryKey.length !== 1 || key?.type !== "uuid" || refers) return [];
  const hash = createHash("md5").update(`${table.name} ${row}`).digest("hex");
  return [`${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`];
}
