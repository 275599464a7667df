/** Heads as text: a first line, then one `name: value` line for each header, each ended by LF. */

export interface Head {
  firstLine: string;
  headers: Headers;
}

/** Throws a TypeError when a header is malformed. */
export function parseHead(text: string): Head {
  const lines = text.split("\n");
  const headers = new Headers();
  for (const line of lines.slice(1)) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw new TypeError("a header line needs a name and a colon");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { firstLine: lines[0] ?? "", headers };
}

export function formatHead(firstLine: string | number, headers: Headers): string {
  let text = `${firstLine}\n`;
  headers.forEach((value, name) => {
    text += `${name}: ${value}\n`;
  });
  return text;
}
