// Checks the body of `POST /v1/chat/completions` and keeps the fields that this server supports.
// https://platform.openai.com/docs/api-reference/chat/create
import { ApiError, invalid } from "./errors.ts";
import { isObject } from "./json.ts";
import { readMessages, type Message } from "./messages.ts";
import { readResponseFormat, type JsonSchema } from "./response_format.ts";

export interface CompletionRequest {
  messages: Message[];
  stream: boolean;
  /** One more chunk before the end, with the token counts. */
  includeUsage: boolean;
  maximumTokens: number;
  temperature: number;
  topP: number;
  /** Absent: a new one for each request. */
  seed?: number;
  stops: string[];
  /** The answer must be JSON of this form. */
  schema?: JsonSchema;
}

const DEFAULT_MAXIMUM_TOKENS = 512;
/** A small model that finds no end writes for ever: no request gets more than this. */
const HARD_MAXIMUM_TOKENS = 1024;
/** At 0 this model loops; above 1 it loses the thread (measured). */
const DEFAULT_TEMPERATURE = 0.7;
const DEFAULT_TOP_P = 0.95;
/** OpenAI's own limit. */
const MAXIMUM_STOPS = 4;

/**
 * Features that the local model cannot provide with any setting; ignoring them silently would
 * mislead.
 */
const UNSUPPORTED = ["tools", "functions", "logprobs", "top_logprobs", "audio"];

/** Throws `ApiError` naming the field at fault. */
export function readCompletionRequest(body: unknown, model: string): CompletionRequest {
  if (!isObject(body)) throw invalid("body", "The body must be a JSON object.", "invalid_type");
  const fields = presentFields(body);
  checkModel(fields["model"], model);
  refuseUnsupported(fields);
  const stream = readBoolean(fields, "stream");
  const seed = readNumber(fields, "seed", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true);
  const schema = readResponseFormat(fields["response_format"]);
  return {
    messages: readMessages(fields["messages"]),
    stream,
    includeUsage: readIncludeUsage(fields["stream_options"], stream),
    maximumTokens: readMaximumTokens(fields),
    temperature: readNumber(fields, "temperature", 0, 2) ?? DEFAULT_TEMPERATURE,
    topP: readNumber(fields, "top_p", 0, 1) ?? DEFAULT_TOP_P,
    stops: readStops(fields["stop"]),
    ...(seed === undefined ? {} : { seed }),
    ...(schema === undefined ? {} : { schema }),
  };
}

// To OpenAI, null means the same as absent.
function presentFields(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

function checkModel(asked: unknown, model: string): void {
  if (asked === undefined)
    throw invalid("model", "You must provide a model parameter.", "missing_required_parameter");
  if (typeof asked !== "string") throw invalid("model", "model must be a string.", "invalid_type");
  if (asked !== model) {
    const message = `The model "${asked}" does not exist: this server has "${model}".`;
    throw new ApiError({ status: 404, code: "model_not_found", message, parameter: "model" });
  }
}

function refuseUnsupported(fields: Record<string, unknown>): void {
  for (const name of UNSUPPORTED) {
    const value = fields[name];
    const isOff =
      value === undefined || value === false || (Array.isArray(value) && value.length === 0);
    if (!isOff)
      throw invalid(name, `The local model does not support ${name}.`, "unsupported_parameter");
  }
  const count = fields["n"];
  if (count !== undefined && count !== 1) {
    throw invalid("n", "The local model gives one answer: leave n out.", "unsupported_value");
  }
}

function readIncludeUsage(options: unknown, stream: boolean): boolean {
  if (options === undefined) return false;
  if (!isObject(options))
    throw invalid("stream_options", "stream_options must be an object.", "invalid_type");
  if (!stream)
    throw invalid("stream_options", "stream_options is only allowed when stream is true.");
  return readBoolean(presentFields(options), "include_usage", "stream_options.");
}

function readMaximumTokens(fields: Record<string, unknown>): number {
  const asked =
    readNumber(fields, "max_completion_tokens", 1, Number.MAX_SAFE_INTEGER, true) ??
    readNumber(fields, "max_tokens", 1, Number.MAX_SAFE_INTEGER, true) ??
    DEFAULT_MAXIMUM_TOKENS;
  return Math.min(asked, HARD_MAXIMUM_TOKENS);
}

function readStops(stop: unknown): string[] {
  if (stop === undefined) return [];
  const stops: unknown[] = Array.isArray(stop) ? stop : [stop];
  const valid = stops.filter((text) => typeof text === "string" && text !== "") as string[];
  if (valid.length !== stops.length || stops.length > MAXIMUM_STOPS) {
    throw invalid("stop", `stop must be a text or up to ${MAXIMUM_STOPS} texts, none empty.`);
  }
  return valid;
}

function readBoolean(fields: Record<string, unknown>, name: string, path = ""): boolean {
  const value = fields[name];
  if (value === undefined) return false;
  if (typeof value !== "boolean") {
    throw invalid(path + name, `${path}${name} must be true or false.`, "invalid_type");
  }
  return value;
}

function readNumber(
  fields: Record<string, unknown>,
  name: string,
  lowest: number,
  highest: number,
  whole = false,
): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  const kind = whole ? "a whole number" : "a number";
  if (typeof value !== "number" || (whole && !Number.isInteger(value))) {
    throw invalid(name, `${name} must be ${kind}.`, "invalid_type");
  }
  if (value < lowest || value > highest) {
    throw invalid(name, `${name} must be ${kind} from ${lowest} to ${highest}.`);
  }
  return value;
}
