// The development model behind an OpenAI-compatible API on 127.0.0.1.
//
//   node build/server.mjs --model FILE [--port N] [--record FILE] [--until-stdin-ends]
//
// Prints `listening http://127.0.0.1:PORT` when it takes requests. `--port 0` picks a free port.
// `--record` appends the JSON body of each completion request as one line: what the model was sent.
// `--until-stdin-ends` ends it with the process that holds its standard input, however that one
// dies.
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { Completions, MODEL_ID } from "./completions.ts";
import { ApiError, errorBody, type ErrorFacts } from "./errors.ts";
import { LanguageModel } from "./language_model.ts";
import { readJsonBody } from "./request_body.ts";

const options = parseArgs({
  options: {
    model: { type: "string" },
    port: { type: "string", default: "0" },
    record: { type: "string" },
    "until-stdin-ends": { type: "boolean", default: false },
  },
}).values;

// Nothing needs to be finished when the model is ended: a running reply is cut off.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
if (options["until-stdin-ends"]) process.stdin.on("end", () => process.exit(0)).resume();

if (!options.model) giveUp("--model FILE is missing");
const completions = new Completions(await load(options.model));
const startedAt = Math.floor(Date.now() / 1000);
const model = { id: MODEL_ID, object: "model", created: startedAt, owned_by: "fabula" };

const server = createServer((request, response) => void handle(request, response));
// Longer than any runtime keeps an idle connection: see scripts/local/database-http.ts.
server.keepAliveTimeout = 120_000;
server.on("error", (error) => giveUp(error.message));
server.listen(Number(options.port), "127.0.0.1", () => {
  console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

/** Ends with one line, which the process that started the server shows. */
function giveUp(reason: string): never {
  console.error(reason.replace(/\s+/g, " "));
  process.exit(1);
}

async function load(file: string): Promise<LanguageModel> {
  try {
    return await LanguageModel.load(file);
  } catch (error) {
    giveUp(
      `${(error as Error).message} (if ${file} is damaged, remove it and run ./scripts/setup model)`,
    );
  }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await route(request, response);
  } catch (error) {
    if (!(error instanceof ApiError)) console.error("server:", error);
    const message = "The local model's server failed: see its log.";
    const facts: ErrorFacts =
      error instanceof ApiError ? error.facts : { status: 500, code: "internal_error", message };
    if (!response.headersSent) sendJson(response, facts.status, errorBody(facts), facts.headers);
  }
}

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const allowed = path === "/v1/chat/completions" ? "POST" : "GET";
  if (!["/health", "/v1/models", "/v1/chat/completions", `/v1/models/${MODEL_ID}`].includes(path)) {
    throw new ApiError({
      status: 404,
      code: "unknown_url",
      message: `Invalid URL (${request.method} ${path})`,
    });
  }
  if (request.method !== allowed) {
    const message = `Not allowed to ${request.method} on ${path}: use ${allowed}.`;
    throw new ApiError({
      status: 405,
      code: "method_not_allowed",
      message,
      headers: { Allow: allowed },
    });
  }
  if (path === "/health") return sendJson(response, 200, { status: "ok" });
  if (path === "/v1/models") return sendJson(response, 200, { object: "list", data: [model] });
  if (path !== "/v1/chat/completions") return sendJson(response, 200, model);
  const body = await readJsonBody(request);
  // A line end in JSON can only be white space between its values.
  if (options.record) appendFileSync(options.record, `${body.text.replace(/[\r\n]+/g, " ")}\n`);
  await completions.answer(body.value, response);
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
