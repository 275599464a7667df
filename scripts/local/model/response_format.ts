// `response_format` as a JSON schema that the grammar of node-llama-cpp can express.
import { invalid } from "./errors.ts";
import { isObject } from "./json.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Deeper schemas make grammars that take seconds to build. */
const MAXIMUM_DEPTH = 32;

/** The required form of an answer; undefined for free text. */
export function readResponseFormat(format: unknown): JsonSchema | undefined {
  if (format === undefined) return undefined;
  const kind = isObject(format) ? format["type"] : undefined;
  if (kind === "text") return undefined;
  if (kind === "json_object") return { type: "object", additionalProperties: true };
  if (kind !== "json_schema") {
    throw invalid(
      "response_format.type",
      "response_format.type must be text, json_object or json_schema.",
    );
  }
  const description = (format as Record<string, unknown>)["json_schema"];
  const schema = isObject(description) ? description["schema"] : undefined;
  if (!isObject(schema)) {
    throw invalid("response_format.json_schema.schema", "A JSON schema object must be given.");
  }
  return toGrammarSchema(schema, 0);
}

// The library supports `oneOf` but not `anyOf`, and lists of scalar types but not of objects or
// arrays; to it, an object without properties would be {}, where JSON Schema allows any.
function toGrammarSchema(schema: unknown, depth: number): JsonSchema {
  if (!isObject(schema) || depth > MAXIMUM_DEPTH) {
    const message = `The schema must consist of objects, at most ${MAXIMUM_DEPTH} deep.`;
    throw invalid("response_format.json_schema.schema", message, "invalid_json_schema");
  }
  const convert = (inner: unknown): JsonSchema => toGrammarSchema(inner, depth + 1);
  const { type, anyOf, ...rest } = schema;
  const choices = anyOf ?? rest["oneOf"];
  if (Array.isArray(choices))
    return { ...convertNamed(rest, "$defs", convert), oneOf: choices.map(convert) };
  if (Array.isArray(type) && type.length > 1) {
    return {
      ...convertNamed(rest, "$defs", convert),
      oneOf: type.map((one) => convert({ ...rest, type: one })),
    };
  }
  const converted: Record<string, unknown> = { ...rest };
  if (type !== undefined) converted["type"] = Array.isArray(type) ? type[0] : type;
  Object.assign(
    converted,
    convertNamed(rest, "$defs", convert),
    convertNamed(rest, "properties", convert),
  );
  if (isObject(rest["items"])) converted["items"] = convert(rest["items"]);
  if (isObject(rest["additionalProperties"])) {
    converted["additionalProperties"] = convert(rest["additionalProperties"]);
  }
  if (converted["type"] === "object" && rest["properties"] === undefined) {
    converted["additionalProperties"] ??= true;
  }
  return converted;
}

function convertNamed(
  schema: Record<string, unknown>,
  key: string,
  convert: (inner: unknown) => JsonSchema,
): Record<string, unknown> {
  const named = schema[key];
  if (!isObject(named)) return {};
  return {
    [key]: Object.fromEntries(Object.entries(named).map(([name, inner]) => [name, convert(inner)])),
  };
}
