// Counts the instances' host calls, and the memory that they have at their end.
const calls: Record<string, number> = {};
const memories: WebAssembly.Memory[] = [];

type Imports = Record<string, Record<string, (...values: number[]) => unknown>>;

const RealInstance = WebAssembly.Instance;

WebAssembly.Instance = class extends RealInstance {
  constructor(module: WebAssembly.Module, imports: Imports) {
    const counted = Object.fromEntries(
      Object.entries(imports["fabula"]!).map(([name, call]) => [
        name,
        (...values: number[]) => {
          calls[name] = (calls[name] ?? 0) + 1;
          return call(...values);
        },
      ]),
    );
    super(module, { fabula: counted });
    const { memory, fabula_resume: resume } = this.exports as unknown as {
      memory: WebAssembly.Memory;
      fabula_resume: (handle: number, count: number) => void;
    };
    memories.push(memory);
    const exports = { ...this.exports };
    exports["fabula_resume"] = (handle: number, count: number) => {
      calls["resume"] = (calls["resume"] ?? 0) + 1;
      calls["completions"] = (calls["completions"] ?? 0) + count;
      resume(handle, count);
    };
    Object.defineProperty(this, "exports", { value: exports });
  }
} as typeof WebAssembly.Instance;

/** Since the last time. */
export function takeCounts(): Response {
  const memoryBytes = Math.max(0, ...memories.map(({ buffer }) => buffer.byteLength));
  const counts = { instances: memories.length, memoryBytes, calls: { ...calls } };
  memories.length = 0;
  for (const name of Object.keys(calls)) delete calls[name];
  return Response.json(counts);
}
