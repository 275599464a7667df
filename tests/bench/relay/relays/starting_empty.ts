// A worker with an empty module: the time of workerd's own start, including its WebAssembly engine.
import module from "./empty.wasm";

export default { fetch: () => Response.json({ isModule: module instanceof WebAssembly.Module }) };
