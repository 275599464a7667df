// Compares two databases by their dumps from pg_dump.

const NO_ROWS = /^\s*COPY [^\n]* FROM stdin;\n\\\.\s*$/;

/** The definition of each object in a dump, by its kind and name, and the rows of tables. */
export function objectsOfDump(dump: string): Map<string, string> {
  const header = /^--\n-- (?:Data for )?Name: (.*); Type: (.*); Schema: (.*); Owner: .*\n--\n/m;
  const [, ...parts] = dump.split(header);
  const objects = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 4) {
    const [name, type, schema, text] = parts.slice(index, index + 4);
    const object = `${type!.toLowerCase()} ${schema === "-" ? "" : `${schema}.`}${name}`;
    if (!NO_ROWS.test(text!)) objects.set(object, normalised(text!));
  }
  return objects;
}

// Removes settings, marks that differ between dumps, and the dump's end.
function normalised(text: string): string {
  return text
    .replace(/^(SET default_.*|\\(un)?restrict .*)\n/gm, "")
    .replace(/--\n-- PostgreSQL database dump complete\n--\n/, "")
    .trim();
}

/** A description of each difference, with its lines; empty when both are the same. */
export function differences(
  ours: Map<string, string>,
  theirs: Map<string, string>,
  names: { ours: string; theirs: string },
): string[] {
  const objects = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return objects.flatMap((object) => {
    const [one, other] = [ours.get(object), theirs.get(object)];
    if (one === other) return [];
    if (other === undefined) return [`${object} is only in ${names.ours}`];
    if (one === undefined) return [`${object} is only in ${names.theirs}`];
    return [
      [`${object} is not the same (- ${names.ours}, + ${names.theirs})`, ...lines(one, other)].join(
        "\n",
      ),
    ];
  });
}

const LINES_AROUND = 2;

// The lines between the common beginning and the common end.
function lines(one: string, other: string): string[] {
  const [left, right] = [one.split("\n"), other.split("\n")];
  const shorter = Math.min(left.length, right.length);
  let begin = 0;
  while (begin < shorter && left[begin] === right[begin]) begin += 1;
  let end = 0;
  while (end < shorter - begin && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const same = (from: number, to: number) => left.slice(from, to).map((line) => `    ${line}`);
  const until = left.length - end;
  return [
    ...same(Math.max(0, begin - LINES_AROUND), begin),
    ...left.slice(begin, until).map((line) => `  - ${line}`),
    ...right.slice(begin, right.length - end).map((line) => `  + ${line}`),
    ...same(until, Math.min(left.length, until + LINES_AROUND)),
  ];
}
