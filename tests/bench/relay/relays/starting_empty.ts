// A worker whose module has nothing in it: what workerd's own start takes, with its WebAssembly engine.
import module from "./empty.wasm";

export default { fetch: () => Response.json({ isModule: module instanceof WebAssembly.Module }) };
