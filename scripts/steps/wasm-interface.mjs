// Reads the imports and exports of a WebAssembly module, with their types, which the JavaScript
// interface lacks: https://webassembly.github.io/spec/core/binary/modules.html
const sectionIds = { type: 1, import: 2, function: 3, export: 7, code: 10 };
const functionKind = 0;
const valueTypes = { 0x7f: "i32", 0x7e: "i64", 0x7d: "f32", 0x7c: "f64" };

export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.position = 0;
  }

  get isAtEnd() {
    return this.position >= this.bytes.length;
  }

  byte() {
    return this.bytes[this.position++];
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  take(length) {
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  name() {
    return new TextDecoder().decode(this.take(this.number()));
  }

  list(readOne) {
    return Array.from({ length: this.number() }, () => readOne(this));
  }
}

const readValueType = (reader) => valueTypes[reader.byte()] ?? "other";

function readSignature(reader) {
  reader.byte();
  const parameters = reader.list(readValueType);
  const results = reader.list(readValueType);
  return `(${parameters.join(", ")}) -> (${results.join(", ")})`;
}

function readImport(reader) {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.byte();
  if (kind !== functionKind) throw new Error(`${module}.${name} is imported and is no function`);
  return { module, name, type: reader.number() };
}

const readExport = (reader) => ({
  name: reader.name(),
  kind: reader.byte(),
  index: reader.number(),
});

/** The contents of the sections that this file knows, by name. */
export function readSections(bytes) {
  const reader = new Reader(bytes);
  reader.take(8); // magic number and version
  const contents = new Map();
  while (!reader.isAtEnd) {
    const id = reader.byte();
    contents.set(id, reader.take(reader.number()));
  }
  const known = Object.entries(sectionIds).filter(([, id]) => contents.has(id));
  return new Map(known.map(([name, id]) => [name, contents.get(id)]));
}

/** Functions only: imports as {module, name, signature}, exports as {name, signature}. */
export function wasmInterface(bytes) {
  const sections = readSections(bytes);
  const read = (name, readOne) =>
    sections.has(name) ? new Reader(sections.get(name)).list(readOne) : [];

  const types = read("type", readSignature);
  const imports = read("import", readImport);
  const own = read("function", (section) => section.number());
  // Imported functions are numbered first, then the module's own.
  const typeOf = (index) => imports[index]?.type ?? own[index - imports.length];
  return {
    imports: imports.map(({ module, name, type }) => ({ module, name, signature: types[type] })),
    exports: read("export", readExport)
      .filter(({ kind }) => kind === functionKind)
      .map(({ name, index }) => ({ name, signature: types[typeOf(index)] })),
  };
}
