// Bots of the relay.
import type { Row, Target } from "./target.ts";
import { ask } from "./lists.ts";
import type { Principal } from "./turns.ts";

export const BOT = {
  name: "Reineke",
  provider: "openai",
  model: "gpt-4o-mini",
  system: "You are a fox.",
  access_path: "https://models.example.org/v1",
  access_key: "sk-never-told",
};

/** For a turn that names no model: its bot does. */
export const relay = { kind: "relay", provider: null, model: null };

/** The body of save_bot's answer. */
export async function newBot(
  target: Target,
  principal: Principal,
  changes: Row = {},
): Promise<Row> {
  return (await ask(target, principal, "save_bot", { body: { ...BOT, ...changes } }))["body"];
}
