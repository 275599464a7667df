// The identity that a bearer proves: to endpoints that make guests, to those that do not, and to
// callers who want to take over a guest's data.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { onBothHosts } from "./both-hosts.ts";

type Claims = Record<string, unknown>;

const USER = "123e4567-e89b-12d3-a456-426614174000";
const SUPABASE = "https://a.supabase.co/auth/v1";
const OTHER = "https://other.example";
const GUEST_TOKEN = `fg_${"a".repeat(42)}A`;

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });

// Port 1 has no listener: nothing can be fetched.
const NOWHERE = "http://127.0.0.1:1/keys.json";
const environment = {
  FABULA_ENV: "development",
  SUPABASE_URL: "https://a.supabase.co",
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_s"}',
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_p"}',
  SUPABASE_JWKS: JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k" }] }),
  SUPABASE_JWKS_URL: NOWHERE,
  FABULA_ISSUERS: JSON.stringify([{ issuer: OTHER, jwks_url: NOWHERE, audience: null }]),
};

const now_s = Math.floor(Date.now() / 1000);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

function token(changes: Claims = {}, key = privateKey, kid = "k"): string {
  const claims = {
    iss: SUPABASE,
    aud: "authenticated",
    role: "authenticated",
    sub: USER,
    exp: now_s + 600,
    ...changes,
  };
  const input = `${encode({ alg: "ES256", kid })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const user = { kind: "user", issuer: "supabase", subject: USER };
const guest = { kind: "guest", token_hash: hashOf(GUEST_TOKEN) };

const NOBODIES: [title: string, bearer: string | null][] = [
  ["no bearer", null],
  ["a publishable key", "sb_publishable_p"],
  ["a token of role anon", token({ role: "anon" })],
];
const REFUSED: [title: string, bearer: string, answer: RegExp][] = [
  ["an expired token", token({ exp: now_s - 60 }), /^token_expired: /],
  ["a forged token", token({}, stranger.privateKey), /^invalid_token: /],
  ["a forged token of role anon", token({ role: "anon" }, stranger.privateKey), /^invalid_token: /],
  ["a token of an unknown issuer", token({ iss: "https://x" }, privateKey, "x"), /^invalid_token: /],
  ["no token at all", "undefined", /^invalid_token: /],
];
const UNKNOWABLE: [title: string, bearer: string][] = [
  ["a key of Supabase that cannot be looked up", token({}, privateKey, "new")],
  ["a token of an issuer that is away", token({ iss: OTHER, aud: undefined })],
];

onBothHosts("who a bearer proves to be", (host) => {
  const ask = async (action: string, bearer: string | null): Promise<string> => {
    const body = JSON.stringify({ action, token: bearer, environment });
    const response = await fetch(`${host().url}/identity`, { method: "POST", body });
    assert.equal(response.status, 200);
    return await response.text();
  };
  const caller = async (action: string, bearer: string | null) =>
    JSON.parse(await ask(action, bearer)) as Record<string, any>;

  for (const action of ["identify", "identify_known"]) {
    test(`${action}: users and guests are who they are`, async () => {
      assert.deepEqual(await caller(action, token()), {
        principal: user,
        user_id: USER,
        is_anonymous: false,
        new_guest_token: "",
      });
      assert.deepEqual(await caller(action, token({ is_anonymous: true })), {
        principal: user,
        user_id: USER,
        is_anonymous: true,
        new_guest_token: "",
      });
      assert.deepEqual(await caller(action, GUEST_TOKEN), {
        principal: guest,
        user_id: "",
        is_anonymous: false,
        new_guest_token: "",
      });
    });

    test(`${action}: what proves nobody is refused, and what cannot be checked is put off`, async () => {
      for (const [title, bearer, answer] of REFUSED) {
        assert.match(await ask(action, bearer), answer, title);
      }
      for (const [title, bearer] of UNKNOWABLE) {
        assert.match(await ask(action, bearer), /^database_unavailable: /, title);
      }
    });
  }

  test("nobody becomes a new guest, each time another", async () => {
    const tokens = new Set<string>();
    for (const [title, bearer] of NOBODIES) {
      const { principal, user_id, new_guest_token } = await caller("identify", bearer);
      assert.match(new_guest_token, /^fg_[\w-]{43}$/, title);
      assert.deepEqual(principal, { kind: "new_guest", token_hash: hashOf(new_guest_token) });
      assert.equal(user_id, "");
      tokens.add(new_guest_token);
    }
    assert.equal(tokens.size, NOBODIES.length);
  });

  test("nobody is asked to say who it is where guests are not made", async () => {
    for (const [title, bearer] of NOBODIES) {
      assert.match(await ask("identify_known", bearer), /^missing_credentials: /, title);
    }
  });

  test("a guest is proven by its token, or by an anonymous user's", async () => {
    assert.deepEqual(await caller("prove_guest", GUEST_TOKEN), guest);
    assert.deepEqual(await caller("prove_guest", token({ is_anonymous: true })), user);
  });

  test("no guest is proven by anything else, and nothing by what cannot be checked", async () => {
    const others: [string, string][] = [
      ["a full account", token()],
      ["an account that says so itself", token({ is_anonymous: "true" })],
      ["an expired guest", token({ is_anonymous: true, exp: now_s - 60 })],
      ["a forged guest", token({ is_anonymous: true }, stranger.privateKey)],
      ["a guest of an unknown issuer", token({ is_anonymous: true, iss: "https://x" })],
      ["nothing", ""],
      ["half a guest's token", GUEST_TOKEN.slice(0, -1)],
      ["a header instead of a token", `Bearer ${GUEST_TOKEN}`],
      ["a publishable key", "sb_publishable_p"],
      ["role anon", token({ role: "anon", is_anonymous: true })],
    ];
    for (const [title, other] of others) {
      assert.match(await ask("prove_guest", other), /^forbidden: /, title);
    }
    for (const [title, bearer] of UNKNOWABLE) {
      assert.match(await ask("prove_guest", bearer), /^database_unavailable: /, title);
    }
  });
});
