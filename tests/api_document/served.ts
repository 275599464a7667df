// The functions as scripts/build has bundled them, on one runtime and without a database.
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { startFunctions, type FunctionsPart } from "../../scripts/local/functions-runtime.ts";

// The bundled tests are in build/tests/api_document.
const root = fileURLToPath(new URL("../../..", import.meta.url));

// Nothing listens here: requests that need the database must be refused before they are sent.
const nowhere = "http://127.0.0.1:9";

/** The issuer of the access tokens that the functions accept, and the secret that signs them. */
export const TOKEN_ISSUER = `${nowhere}/auth/v1`;
export const TOKEN_SECRET = "a-secret-of-thirty-two-bytes-or-more";

export interface Parameter {
  name: string;
  in: string;
  schema: Schema;
}

export interface Schema {
  $ref?: string;
  type?: string | string[];
  pattern?: string;
  properties?: Record<string, Schema>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  security: Record<string, unknown>[];
  requestBody?: { required: boolean };
  responses: Record<string, unknown>;
}

export interface OpenApi {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** Defines the tests once for each runtime; `url` is the functions' address while they run. */
export function onBothRuntimes(title: string, define: (url: () => string) => void): void {
  for (const runtime of ["deno", "workerd"] as const) {
    describe(`${title}, on ${runtime}`, () => {
      let functions: FunctionsPart;
      before(async () => {
        const environment = {
          SUPABASE_URL: nowhere,
          SUPABASE_SECRET_KEYS: JSON.stringify({ default: "sb_secret_nothing" }),
          FABULA_JWT_SECRET: TOKEN_SECRET,
        };
        functions = await startFunctions({ root, runtime, port: 0, environment, log: () => {} });
      });
      after(() => functions.stop());
      define(() => functions.url);
    });
  }
}

export async function readDocument(url: string): Promise<OpenApi> {
  const response = await fetch(`${url}/functions/v1/docs/openapi.json`);
  return (await response.json()) as OpenApi;
}

/** Each operation with its method and a path that has ids filled in. */
export function operationsOf(
  document: OpenApi,
): { method: string; path: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([pattern, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: pattern.replaceAll(/\{\w+_id\}/g, "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"),
      operation,
    })),
  );
}
