// Names a module's functions so that the order of their names is that of their code's bytes. When
// they are then sorted by name, functions that begin alike lie next to each other, where gzip, which
// looks back no further than 32 KB, finds what they have in common.
import { Reader, readSections } from "./wasm-interface.mjs";

const functionNames = 1;

/** LEB128, as WebAssembly writes numbers. */
function number(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

const sized = (contents) => [...number(contents.length), ...contents];
const text = (value) => sized(Buffer.from(value));

/** The module with its names, as a `name` section; it must have none. */
export function withNamesByCode(bytes) {
  const sections = readSections(bytes);
  const imported = new Reader(sections.get("import")).number();
  const bodies = new Reader(sections.get("code")).list((code) => code.take(code.number()));
  const places = [];
  [...bodies.keys()]
    .sort((a, b) => Buffer.compare(bodies[a], bodies[b]))
    .forEach((index, place) => (places[index] = place));
  const names = places.flatMap((place, index) => [
    ...number(imported + index),
    ...text(String(place).padStart(5, "0")),
  ]);
  const list = [functionNames, ...sized([...number(places.length), ...names])];
  return Buffer.concat([bytes, Buffer.from([0, ...sized([...text("name"), ...list])])]);
}
