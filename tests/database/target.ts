// A migrated database as the edge sees it: engine functions are called as service_role, and rows are
// read and arranged with the same rights.

export type Row = Record<string, any>;

export interface Target {
  /** Calls an engine function; throws a Refusal when it refuses. */
  call(name: string, request: object): Promise<Row>;
  /** Rows where every column has the given value, in no particular order. */
  select(table: string, where: Row): Promise<Row[]>;
  update(table: string, where: Row, values: Row): Promise<void>;
  stop(): Promise<void>;
}

/** An engine function's refusal. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;

  constructor(status: number, code: string, message: string, hint: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}
