import bytes from "chat.wasm";
import { measureStart } from "./starting.ts";

declare const Deno: {
  env: { get(name: string): string | undefined };
  serve(options: object, handler: () => Promise<Response>): unknown;
};

const options = {
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("FABULA_FUNCTIONS_PORT")),
  onListen: ({ port }: { port: number }) => console.log(JSON.stringify({ event: "listen", port })),
};

Deno.serve(options, () =>
  measureStart(
    async () => new WebAssembly.Module(bytes as BufferSource),
    () => new Promise((resolve) => setTimeout(resolve, 1)),
  ),
);
