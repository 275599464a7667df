// Tokens of issuers besides Supabase: who they are here, and that no issuer can speak for another.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { talk } from "./chat.ts";
import { INVALID, Issuer, keySet, publish, refusal, signingKey, welcome } from "./issuer.ts";
import { onEachRuntime } from "./stack.ts";
import { es256, hs256, nowInSeconds, rs256, unsigned, userClaims, type Claims } from "./tokens.ts";

// All of them call their key the same.
const KID = "key-1";
const supabaseKey = signingKey("ES256", KID);
const auth0Key = signingKey("RS256", KID);
const auth0Ec = signingKey("ES256", "key-2");
const clerkKey = signingKey("ES256", KID);

const auth0 = new Issuer(publish(auth0Key, auth0Ec));
const clerk = new Issuer(publish(clerkKey));
await auth0.start();
await clerk.start();
after(() => {
  auth0.stop();
  clerk.stop();
});

const AUTH0 = "https://tenant.eu.auth0.com/";
const CLERK = "https://clerk.example";
const API = "https://api.example";
const configured = [
  { issuer: AUTH0, jwks_url: auth0.url, audience: [API, "https://older-api.example"] },
  // Clerk's session tokens have no audience; they say which page they were made for.
  { issuer: CLERK, jwks_url: clerk.url, audience: null, authorized_parties: ["https://page.example"] },
];

const claims = (iss: string, changes: Claims = {}): Claims => {
  const now_s = nowInSeconds();
  return { iss, sub: "user_2abc|DEF", iat: now_s - 10, nbf: now_s - 10, exp: now_s + 600, ...changes };
};
const auth0Claims = (changes: Claims = {}) => claims(AUTH0, { aud: API, azp: "a client", ...changes });
const clerkClaims = (changes: Claims = {}) => claims(CLERK, { azp: "https://page.example", ...changes });
const auth0Token = (changes: Claims = {}) =>
  rs256(auth0Claims(changes), auth0Key.privateKey, { kid: KID });
const clerkToken = (changes: Claims = {}) =>
  es256(clerkClaims(changes), clerkKey.privateKey, { kid: KID });

onEachRuntime(
  "issuers besides Supabase",
  (stack) => {
    const supabaseIssuer = () => `${stack().url}/auth/v1`;

    test("RS256 and ES256 tokens are one person, by their issuer's name for it", async () => {
      const subject = `auth0|${randomUUID()}`;
      const id = await welcome(stack(), auth0Token({ sub: subject }));
      const other = es256(auth0Claims({ sub: subject }), auth0Ec.privateKey, { kid: auth0Ec.kid });
      assert.equal(await welcome(stack(), other), id);
      const [principal, ...more] = await stack().backend.rows("principals", { subject });
      assert.deepEqual(more, []);
      assert.deepEqual(
        [principal!["id"], principal!["kind"], principal!["issuer"]],
        [id, "external", AUTH0],
      );
    });

    test("sessions of an issuer's user are its own and nobody else's", async () => {
      const [mine, theirs] = [auth0Token({ sub: "me" }), auth0Token({ sub: "they" })];
      const first = `Remember me (${stack().runtime}).`;
      stack().backend.model.tell(first, ["I will."]);
      const { sessionId } = await talk(stack(), { text: first }, { token: mine });
      const second = `Do you remember me (${stack().runtime})?`;
      stack().backend.model.tell(second, ["I do."]);
      const again = await talk(stack(), { text: second, session_id: sessionId }, { token: mine });
      assert.equal(again.sessionId, sessionId);
      await assert.rejects(
        talk(stack(), { text: "Whose is it?", session_id: sessionId }, { token: theirs }),
        /404/,
      );
    });

    test("the same subject of two issuers, or of Supabase, are different people", async () => {
      const sub = randomUUID();
      const supabase = es256(userClaims(sub, { iss: supabaseIssuer() }), supabaseKey.privateKey, { kid: KID });
      const ids = [
        await welcome(stack(), auth0Token({ sub })),
        await welcome(stack(), clerkToken({ sub })),
        await welcome(stack(), supabase),
      ];
      assert.equal(new Set(ids).size, 3);
      assert.equal(ids[2], sub);
    });

    test("Supabase's own claims mean nothing of another issuer", async () => {
      await welcome(stack(), auth0Token({ role: "anon" }));
      await welcome(stack(), auth0Token({ role: ["admin"], is_anonymous: "no" }));
    });

    test("the audience is one of several, on both sides", async () => {
      await welcome(stack(), auth0Token({ aud: [`${AUTH0}userinfo`, "https://older-api.example"] }));
    });

    test("a token that was made for no web page has no authorized party", async () => {
      await welcome(stack(), clerkToken({ azp: undefined }));
    });

    test("a key that is new to us is asked for once, and then nobody is", async () => {
      const askedBefore = clerk.asked;
      for (let turn = 0; turn < 3; turn += 1) {
        const token = es256(clerkClaims(), supabaseKey.privateKey, { kid: randomUUID() });
        assert.deepEqual(await refusal(stack(), token), INVALID);
      }
      assert.equal(clerk.asked, askedBefore);
    });

    const issuer = { kid: KID };
    const supabaseClaims = (changes: Claims = {}) =>
      userClaims(randomUUID(), { iss: supabaseIssuer(), ...changes });
    const secret = () => stack().backend.keys.jwtSecret;
    const refusals: [title: string, token: () => string, expected?: unknown[]][] = [
      // Key confusion: the kid is right for each of them.
      ["of one issuer, signed by another", () => es256(auth0Claims(), clerkKey.privateKey, issuer)],
      ["of the other, signed by the one", () => rs256(clerkClaims(), auth0Key.privateKey, issuer)],
      ["the other's own alg and kid", () => es256(clerkClaims(), auth0Ec.privateKey, { kid: auth0Ec.kid })],
      ["of an issuer, signed by Supabase's key", () => es256(clerkClaims(), supabaseKey.privateKey, issuer)],
      ["of Supabase, signed by an issuer's key", () => es256(supabaseClaims(), clerkKey.privateKey, issuer)],
      ["of Supabase, by an issuer's RSA key", () => rs256(supabaseClaims(), auth0Key.privateKey, issuer)],
      ["of Supabase, by a key only an issuer has", () => es256(supabaseClaims(), auth0Ec.privateKey, { kid: "key-2" })],
      ["no kid, signed by another issuer", () => es256(clerkClaims(), auth0Ec.privateKey)],
      ["a role that would make anybody a guest", () => es256({ role: "anon", exp: nowInSeconds() + 60 }, clerkKey.privateKey, issuer)],
      ["HS256 with Supabase's secret", () => hs256(auth0Claims(), secret())],
      ["HS256 with the issuer's key set", () => hs256(clerkClaims(), keySet(clerkKey))],
      ["HS256 with no secret", () => hs256(clerkClaims(), "")],
      ["HS256 with the public key", () => hs256(auth0Claims(), auth0Key.publicKey.export({ type: "spki", format: "pem" }))],
      ["unsigned", () => unsigned(auth0Claims())],
      ["unsigned, with a signature", () => unsigned(auth0Claims(), auth0Token().split(".")[2])],
      // The issuer.
      ["an unknown issuer", () => rs256(claims("https://unknown.example", { aud: API }), auth0Key.privateKey, issuer)],
      ["an issuer's name but for the slash", () => rs256(auth0Claims({ iss: AUTH0.slice(0, -1) }), auth0Key.privateKey, issuer)],
      ["no issuer", () => rs256(auth0Claims({ iss: undefined }), auth0Key.privateKey, issuer)],
      ["a list of issuers", () => rs256(auth0Claims({ iss: [AUTH0] }), auth0Key.privateKey, issuer)],
      ["the database's name for Supabase", () => es256(claims("supabase"), clerkKey.privateKey, issuer)],
      // The claims.
      ["expired", () => auth0Token({ exp: nowInSeconds() - 120 }), [401, "token_expired"]],
      ["without an end", () => auth0Token({ exp: undefined })],
      ["not valid yet", () => auth0Token({ nbf: nowInSeconds() + 120 })],
      ["issued in the future", () => auth0Token({ iat: nowInSeconds() + 120 })],
      ["another audience", () => auth0Token({ aud: "https://elsewhere.example" })],
      ["Supabase's audience", () => auth0Token({ aud: "authenticated" })],
      ["no audience", () => auth0Token({ aud: undefined })],
      ["an audience where there should be none", () => clerkToken({ aud: API })],
      ["made for another page", () => clerkToken({ azp: "https://evil.example" })],
      ["no subject", () => auth0Token({ sub: undefined })],
      ["an empty subject", () => auth0Token({ sub: "" })],
      ["a subject with a line break", () => auth0Token({ sub: "a\nb" })],
      ["a subject with U+0000", () => auth0Token({ sub: "a\0b" })],
      ["a subject that is too long", () => auth0Token({ sub: "a".repeat(256) })],
      ["a subject that is a number", () => auth0Token({ sub: 1 })],
    ];
    for (const [title, token, expected = INVALID] of refusals) {
      test(`refused: ${title}`, async () => {
        assert.deepEqual(await refusal(stack(), token()), expected);
      });
    }

    test("whatever was presented, each issuer was asked at most once", () => {
      const runtimes = stack().runtime === "deno" ? 1 : 2;
      assert.deepEqual([auth0.asked, clerk.asked], [runtimes, runtimes]);
    });
  },
  {
    settings: () => ({
      SUPABASE_JWKS: keySet(supabaseKey),
      FABULA_ISSUERS: JSON.stringify(configured),
    }),
  },
);
