// Finds the objects that SQL statements make, as far as the schema files need it: each statement is
// `create ...`, `comment on`, `grant` or the like, in lower case.

/** The statements of a file, without the comments before them. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  // A text whose semicolons do not end a statement, or a semicolon.
  const token = /--[^\n]*|\/\*[^]*?\*\/|'(?:[^']|'')*'|"[^"]*"|(\$(?:[a-z_]\w*)?\$)[^]*?\1|;/gi;
  const body = /\bbegin\s+atomic\b/i;
  for (const { 0: text, index } of sql.matchAll(token)) {
    if (text !== ";") continue;
    const statement = sql.slice(start, index);
    if (body.test(statement) && !/\bend\s*$/i.test(statement)) continue;
    statements.push(withoutComments(statement));
    start = index + 1;
  }
  return statements.filter((statement) => statement !== "");
}

// Two hyphens in strings and in bodies of functions are not comments.
function withoutComments(statement: string): string {
  const token = /--[^\n]*|'(?:[^']|'')*'|"[^"]*"|(\$(?:[a-z_]\w*)?\$)[^]*?\1/gi;
  return statement.replace(token, (text) => (text.startsWith("--") ? "" : text)).trim();
}

const NAMED =
  /^create (?:or replace )?(?:unique )?(schema|table|type|domain|sequence|view|materialized view|index|extension)\s+(?:if not exists )?([\w.]+)/;
const ON_TABLE =
  /^create (?:or replace )?(?:constraint )?(trigger|policy)\s+(\w+)\b[^]*?\bon\s+([\w.]+)/;
const ROUTINE = /^create (?:or replace )?(function|procedure)\s+([\w.]+)\s*\(/;
const COMMENT = /^comment on (\w+(?: \w+)?) ([\w.]+(?:\([^)]*\))?) is\b/;
const GRANT = /^grant ([^]+?)\s+on\s+([^]+?)\s+to\s+([\w, ]+)$/;
const CONSTRAINT = /^alter table ([\w.]+)\s+add constraint (\w+)/;

/** The kind and signature of each object that the statement makes; none if it makes no object. */
export function objectsMadeBy(statement: string): string[] {
  const text = statement.replace(/\s+/g, " ");
  const named = NAMED.exec(text);
  if (named) return [`${named[1]} ${named[2]}`];
  const onTable = ON_TABLE.exec(text);
  if (onTable) return [`${onTable[1]} ${onTable[2]} on ${onTable[3]}`];
  const routine = ROUTINE.exec(text);
  if (routine) {
    const types = argumentTypes(text.slice(routine[0].length));
    return [`${routine[1]} ${routine[2]}(${types.join(", ")})`];
  }
  const comment = COMMENT.exec(text);
  if (comment) return [`comment on ${comment[1]} ${comment[2]}`];
  const constraint = CONSTRAINT.exec(text);
  if (constraint) return [`constraint ${constraint[2]} on ${constraint[1]}`];
  const grant = GRANT.exec(text);
  if (grant) return grantsOf(grant[1]!, grant[2]!, grant[3]!);
  return [...text.matchAll(/\bcron\.schedule\('([^']+)'/g)].map(([, name]) => `schedule ${name}`);
}

function grantsOf(rights: string, objects: string, roles: string): string[] {
  const [, kind = "table", list] =
    /^(table|function|schema|sequence)?\s*([^]+)$/.exec(objects) ?? [];
  return splitList(list ?? "").flatMap((object) =>
    splitList(roles).map((role) => `grant ${rights} on ${kind} ${object} to ${role}`),
  );
}

// `rest` begins after the opening bracket. Arguments are written `[mode] name type [default ...]`.
function argumentTypes(rest: string): string[] {
  let depth = 1;
  let end = 0;
  for (; end < rest.length && depth > 0; end += 1) {
    if (rest[end] === "(") depth += 1;
    if (rest[end] === ")") depth -= 1;
  }
  return splitList(rest.slice(0, end - 1))
    .filter((argument) => !/^out /.test(argument))
    .map((argument) =>
      argument
        .replace(/^(in|inout|variadic) /, "")
        .replace(/( default |\s*=)[^]*$/, "")
        .replace(/^\w+ /, ""),
    );
}

/** Splits at commas outside of brackets. */
function splitList(list: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of list) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
