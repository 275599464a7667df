import { relay } from "relay";
import { decode } from "./decode.ts";

declare const Deno: {
  env: { get(name: string): string | undefined };
  serve(options: object, handler: (request: Request) => Promise<Response>): unknown;
};

const options = {
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("FABULA_FUNCTIONS_PORT")),
  onListen: ({ port }: { port: number }) => console.log(JSON.stringify({ event: "listen", port })),
};

Deno.serve(options, (request) => {
  if (new URL(request.url).pathname === "/decode") return decode(request);
  return relay(request, {
    setting: (name) => Deno.env.get(name)!,
    waitUntil: (promise) => void promise.catch(() => {}),
  });
});
