// Supabase's own anonymous users are guests with a Supabase identity: their data can move to an account, and
// nothing can move to them. Most of their tokens are signed here with the embedded Supabase's secret.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { talk } from "./chat.ts";
import { onEachRuntime, type Stack } from "./stack.ts";
import { anonymousClient } from "./supabase.ts";
import { hs256, userClaims } from "./tokens.ts";

interface User {
  id: string;
  token: string;
}

function user(stack: Stack, is_anonymous: boolean): User {
  const id = randomUUID();
  return { id, token: hs256(userClaims(id, { is_anonymous }), stack.backend.keys.jwtSecret) };
}

async function migrate(stack: Stack, guest: User, account: User): Promise<[number, any]> {
  const response = await fetch(`${stack.url}/functions/v1/sessions/migrate`, {
    method: "POST",
    headers: { authorization: `Bearer ${account.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      temp_user_id: guest.id,
      permanent_user_id: account.id,
      guest_token: guest.token,
    }),
  });
  return [response.status, await response.json()];
}

onEachRuntime("anonymous users", (stack) => {
  async function someoneWhoTalked(is_anonymous: boolean): Promise<User> {
    const someone = user(stack(), is_anonymous);
    const prompt = `Who am I? ${someone.id}`;
    stack().backend.model.tell(prompt, ["Nobody yet."]);
    const { events } = await talk(stack(), { text: prompt }, { token: someone.token });
    assert.deepEqual(events.ending, ["metadata", "done"]);
    return someone;
  }

  test("what one wrote goes to an account, whose id it then bears", async () => {
    const [guest, account] = [await someoneWhoTalked(true), user(stack(), false)];
    const [status, body] = await migrate(stack(), guest, account);
    assert.deepEqual([status, body.already], [200, false], JSON.stringify(body));
    assert.deepEqual(body.migrated, { projects: 1, sessions: 1, messages: 2, dossiers: 1 });
    assert.equal((await stack().backend.rows("sessions", { owner_id: account.id })).length, 1);
    assert.equal((await stack().backend.rows("sessions", { owner_id: guest.id })).length, 0);
    const [, again] = await migrate(stack(), guest, account);
    assert.equal(again.already, true);
  });

  test("supabase-js signs one in, who talks, reads back, and becomes an account with all of it", async () => {
    const client = anonymousClient(stack());
    const { data, error } = await client.auth.signInAnonymously();
    assert.equal(error, null);
    assert.deepEqual([data.user?.is_anonymous, data.user?.email], [true, ""]);
    const token = data.session!.access_token;
    stack().backend.secrets.add(token);
    const prompt = `Who is without a name? ${data.user!.id}`;
    stack().backend.model.tell(prompt, ["You are."]);
    const { events } = await talk(stack(), { text: prompt }, { token });
    assert.deepEqual([events.text, events.metadata["user_id"]], ["You are.", data.user!.id]);
    const read = async () => (await client.from("messages").select("content")).data?.length;
    assert.equal(await read(), 2);

    const email = `${randomUUID()}@example.com`;
    const changed = await client.auth.updateUser({ email, password: "a long password" });
    assert.equal(changed.error, null);
    const refreshed = await client.auth.refreshSession();
    assert.equal(refreshed.error, null);
    stack().backend.secrets.add(refreshed.data.session!.access_token);
    assert.deepEqual(
      [refreshed.data.user?.id, refreshed.data.user?.email, refreshed.data.user?.is_anonymous],
      [data.user!.id, email, false],
    );
    assert.equal(await read(), 2);
  });

  test("one is no account to go to, and a full account is nobody's guest", async () => {
    const guest = await someoneWhoTalked(true);
    const [toAnonymous, refusal] = await migrate(stack(), guest, user(stack(), true));
    assert.deepEqual([toAnonymous, refusal.code], [403, "forbidden"]);
    const [fromAccount] = await migrate(stack(), await someoneWhoTalked(false), user(stack(), false));
    assert.equal(fromAccount, 403);
    assert.equal((await stack().backend.rows("sessions", { owner_id: guest.id })).length, 1);
  });
});
