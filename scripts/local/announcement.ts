// The text about a running server for the developer, from ./scripts/dev and ./scripts/status.
import type { State } from "./state.ts";

/** Shown instead of a key that must not be printed. */
export const KEY_OF_ENVIRONMENT = "(SUPABASE_SECRET_KEYS of your environment)";

export function keyLines(state: State): string[] {
  return [`PUBLISHABLE_KEY=${state.publishableKey}`, `SECRET_KEY=${state.secretKey}`];
}

export function curlCommand(url: string): string {
  const body = JSON.stringify({
    text: "A lighthouse keeper finds a door in the sea. Help me begin.",
  });
  return `curl -N ${url}/functions/v1/chat -H 'Content-Type: application/json' -d '${body}'`;
}
