// Reads C++ string literals, so that the module is tested with the native tests' expectations.

/** A regular expression's source: one literal with its quotes. */
export const LITERAL = String.raw`"(?:[^"\\]|\\.)*"`;

const ESCAPE = /\\(?:u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|x([\dA-Fa-f]+)|(.))/g;
const SIMPLE: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

export function valueOf(literal: string): string {
  return literal.slice(1, -1).replace(ESCAPE, (_, short, long, byte, simple) => {
    const code = short ?? long ?? byte;
    if (code !== undefined) return String.fromCodePoint(parseInt(code, 16));
    return SIMPLE[simple] ?? simple;
  });
}
