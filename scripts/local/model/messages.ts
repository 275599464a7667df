// Converts the conversation of OpenAI's clients to the three roles that the model was trained on.
import { invalid } from "./errors.ts";
import { isObject } from "./json.ts";

export type Role = "system" | "user" | "assistant";

export interface Message {
  role: Role;
  content: string;
}

const ROLES: Readonly<Record<string, Role>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
};

export function readMessages(value: unknown): Message[] {
  if (!Array.isArray(value)) {
    const code = value === undefined ? "missing_required_parameter" : "invalid_type";
    throw invalid("messages", "messages must be an array.", code);
  }
  if (value.length === 0) throw invalid("messages", "messages must not be empty.", "empty_array");
  return value.map((message: unknown, index) => readMessage(message, `messages[${index}]`));
}

function readMessage(message: unknown, path: string): Message {
  if (!isObject(message)) throw invalid(path, `${path} must be an object.`, "invalid_type");
  const name = message["role"];
  const role = typeof name === "string" && Object.hasOwn(ROLES, name) ? ROLES[name] : undefined;
  if (!role) {
    throw invalid(`${path}.role`, `${path}.role must be system, developer, user or assistant.`);
  }
  return { role, content: readContent(message["content"], `${path}.content`) };
}

function readContent(content: unknown, path: string): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) {
    throw invalid(path, `${path} must be a text or an array of text parts.`, "invalid_type");
  }
  return content.map((part: unknown, index) => readPart(part, `${path}[${index}]`)).join("");
}

function readPart(part: unknown, path: string): string {
  const text = isObject(part) && part["type"] === "text" ? part["text"] : undefined;
  if (typeof text !== "string") {
    throw invalid(path, `${path} must be a text part: the local model reads nothing else.`);
  }
  return text;
}
