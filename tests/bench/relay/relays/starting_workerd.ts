import module from "./chat.wasm";
import { measureStart } from "./starting.ts";

declare const scheduler: { wait(duration_ms: number): Promise<void> };

// workerd compiles a worker's imports when it starts, before any code of the worker runs.
export default {
  fetch: () => measureStart(async () => module as WebAssembly.Module, () => scheduler.wait(1)),
};
