import { takeCounts } from "./counted.ts";

type Handler = (request: Request) => Response | Promise<Response>;

declare const Deno: { serve(options: object, handler: Handler): unknown };

const { serve } = Deno;
Deno.serve = (options, handler) =>
  serve(options, (request) =>
    new URL(request.url).pathname === "/counts" ? takeCounts() : handler(request),
  );

await import("functions");
