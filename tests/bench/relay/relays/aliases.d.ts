// Names that bundle.mjs resolves.
declare module "relay" {
  export const relay: import("./platform.ts").Relay;
}

declare module "functions" {
  const worker: {
    fetch(request: Request, env: Record<string, unknown>, context: object): Promise<Response>;
  };
  export default worker;
}

/** Bytes on Deno, a module on workerd. */
declare module "*.wasm" {
  const content: unknown;
  export default content;
}
