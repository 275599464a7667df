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
};

/** A bot's own key, as the edge has encrypted it. */
export const KEY = { key_id: "00112233445566ff", ciphertext: "never_told".repeat(5) };

/** For a turn that names no model: its bot does. */
export const relay = { kind: "relay", provider: null, model: null };

/** The body of save_bot's answer; without a key if there is none. */
export async function newBot(
  target: Target,
  principal: Principal,
  changes: Row = {},
  encrypted_key: Row | null = KEY,
): Promise<Row> {
  const body = { ...BOT, ...changes };
  return (await ask(target, principal, "save_bot", { body, ...(encrypted_key && { encrypted_key }) }))["body"];
}
