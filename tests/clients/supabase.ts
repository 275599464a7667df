// People with supabase-js, as a web page would make it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Stack } from "./stack.ts";

/** `fetch` intercepts the client's requests. */
export function makeClient(stack: Stack, key: string, fetch?: typeof globalThis.fetch): SupabaseClient {
  return createClient(stack.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Node 20 has no WebSocket, without which the client is not even made.
    realtime: { transport: class {} as never },
    ...(fetch && { global: { fetch } }),
  });
}

export function anonymousClient(stack: Stack): SupabaseClient {
  return makeClient(stack, stack.backend.keys.publishableKey);
}

export interface Person {
  client: SupabaseClient;
  id: string;
  token: string;
}

/** Somebody who has just signed up. */
export async function signUp(stack: Stack): Promise<Person> {
  const client = anonymousClient(stack);
  const email = `${randomBytes(6).toString("hex")}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: "a long password" });
  assert.equal(error, null);
  assert.ok(data.session, "signing up gives a session at once");
  const token = data.session.access_token;
  stack.backend.secrets.add(token);
  return { client, id: data.session.user.id, token };
}
