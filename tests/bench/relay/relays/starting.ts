/** The time of a function from its bytes to an instance that could begin. */
export interface Start {
  compileMs: number;
  instantiateMs: number;
  /** The time of this whole measurement. */
  measuredMs: number;
}

const INSTANCES = 200;

/**
 * `load` compiles the module; `pause` lets the runtime's clock advance, which may otherwise stand
 * still.
 */
export async function measureStart(
  load: () => Promise<WebAssembly.Module>,
  pause: () => Promise<unknown>,
): Promise<Response> {
  await pause();
  const beganMs = Date.now();
  const module = await load();
  await pause();
  const compiledMs = Date.now();
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => 0;
  }
  for (let number = 0; number < INSTANCES; number += 1) {
    const { exports } = new WebAssembly.Instance(module, imports);
    (exports["_initialize"] as () => void)();
  }
  await pause();
  const start: Start = {
    compileMs: compiledMs - beganMs,
    instantiateMs: (Date.now() - compiledMs) / INSTANCES,
    measuredMs: Date.now() - beganMs,
  };
  return Response.json(start);
}
