// Deletion of an account in the embedded Supabase's own Auth, which plain PostgreSQL lacks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PUBLISHABLE_KEY, startRestTarget, type RestTarget } from "./rest_target.ts";
import { begin, refusal } from "./turns.ts";

let target: RestTarget;
before(async () => {
  target = await startRestTarget(process.cwd());
});
after(() => target.stop());

async function auth(path: string, body: object): Promise<{ status: number; body: any }> {
  const answer = await fetch(`${target.url}/auth/v1/${path}`, {
    method: "POST",
    headers: { apikey: PUBLISHABLE_KEY, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

test("who has deleted the account can neither sign in nor refresh, and may sign up anew", async () => {
  const credentials = { email: "anna@example.org", password: "a password of hers" };
  const signedUp = await auth("signup", credentials);
  assert.equal(signedUp.status, 200);
  const other = await auth("signup", { ...credentials, email: "ben@example.org" });
  const { user, refresh_token, access_token } = signedUp.body;
  const principal = { kind: "user", issuer: `${target.url}/auth/v1`, subject: user.id };
  await begin(target, principal);
  assert.equal((await auth("token?grant_type=password", credentials)).status, 200);

  await target.call("delete_account", { principal });

  assert.equal((await auth("token?grant_type=password", credentials)).status, 400);
  assert.equal((await auth("token?grant_type=refresh_token", { refresh_token })).status, 400);
  const me = await fetch(`${target.url}/auth/v1/user`, {
    headers: { apikey: PUBLISHABLE_KEY, authorization: `Bearer ${access_token}` },
  });
  assert.ok(me.status >= 400 && me.status < 500, `${me.status}`);
  await assert.rejects(begin(target, principal), refusal(401, "invalid_token"));
  const remaining = { refresh_token: other.body.refresh_token };
  assert.equal((await auth("token?grant_type=refresh_token", remaining)).status, 200);

  const anew = await auth("signup", credentials);
  assert.equal(anew.status, 200);
  assert.notEqual(anew.body.user.id, user.id);
  await begin(target, { ...principal, subject: anew.body.user.id });
});
