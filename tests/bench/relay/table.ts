/** Prints a table as Markdown that is also readable as plain text. */
export function printTable(
  title: string,
  columns: string[],
  rows: string[][],
  note?: string,
): void {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => row[index]!.length)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join(" | ")} |`;
  console.log(`\n${title}${note === undefined ? "" : ` (${note})`}\n`);
  console.log(line(columns));
  console.log(line(widths.map((width) => "-".repeat(width))));
  for (const row of rows) console.log(line(row));
}
