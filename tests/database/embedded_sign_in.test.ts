// Accounts and anonymous users in the embedded Supabase's own Auth, which plain PostgreSQL lacks.
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

function claimsOf(token: string): any {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

async function me(token: string, change?: object): Promise<any> {
  const answer = await fetch(`${target.url}/auth/v1/user`, {
    method: change ? "PUT" : "GET",
    headers: {
      apikey: PUBLISHABLE_KEY,
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    ...(change && { body: JSON.stringify(change) }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

test("an anonymous user has no address, stays anonymous when refreshing, and is one user", async () => {
  const { status, body } = await auth("signup", { data: { pen_name: "Nemo" } });
  assert.equal(status, 200, JSON.stringify(body));
  const { user, access_token, refresh_token } = body;
  assert.deepEqual(
    [user.is_anonymous, user.email, user.identities, user.user_metadata],
    [true, "", [], { pen_name: "Nemo" }],
  );
  const claims = claimsOf(access_token);
  assert.deepEqual([claims.sub, claims.is_anonymous, claims.role], [user.id, true, "authenticated"]);
  assert.equal((await me(access_token)).is_anonymous, true);

  const refreshed = await auth("token?grant_type=refresh_token", { refresh_token });
  assert.equal(refreshed.status, 200);
  assert.deepEqual([refreshed.body.user.id, refreshed.body.user.is_anonymous], [user.id, true]);
  assert.equal(claimsOf(refreshed.body.access_token).is_anonymous, true);

  const other = await auth("signup", {});
  assert.notEqual(other.body.user.id, user.id);
});

test("an address and a password make an account of an anonymous user", async () => {
  const { user, access_token, refresh_token } = (await auth("signup", {})).body;
  const credentials = { email: "nemo@example.org", password: "a password of nobody" };
  const account = await me(access_token, credentials);
  assert.deepEqual([account.id, account.email, account.is_anonymous], [user.id, credentials.email, false]);
  const refreshed = await auth("token?grant_type=refresh_token", { refresh_token });
  assert.equal(claimsOf(refreshed.body.access_token).is_anonymous ?? false, false);
  const signedIn = await auth("token?grant_type=password", credentials);
  assert.deepEqual([signedIn.status, signedIn.body.user?.id], [200, user.id], JSON.stringify(signedIn.body));
});

test("a sign-up with an address only is no anonymous user", async () => {
  const { status } = await auth("signup", { email: "half@example.org" });
  assert.equal(status, 400);
  assert.equal((await auth("signup", { email: "half@example.org", password: "another password" })).body.user.is_anonymous, false);
});
