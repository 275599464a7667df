// Tokens of Supabase projects with asymmetric keys: ES256 and RS256 against a key set, given in the
// settings or fetched from its address.
import assert from "node:assert/strict";
import { createPublicKey, randomUUID, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isLongRing } from "../ring.ts";
import { Backend } from "./backend.ts";
import { talk } from "./chat.ts";
import {
  hang,
  INVALID,
  Issuer,
  keySet,
  publish,
  refusal,
  signingKey,
  UNAVAILABLE,
  welcome,
  type SigningKey,
} from "./issuer.ts";
import { assertDiscreetLog, onEachRuntime, RUNTIMES, Stack } from "./stack.ts";
import { es256, hs256, nowInSeconds, rs256, userClaims, type Claims } from "./tokens.ts";

// wasm/host/operations/public-keys.ts: an issuer is not asked again sooner.
const SHORTEST_REFRESH_MS = 60_000;
// There as well: an issuer is waited for no longer.
const LONGEST_WAIT_MS = 5_000;

// --- The key set's address: begun first, because an issuer is asked again only after a minute. ---

const first = signingKey("ES256");
const second = signingKey("RS256");
const userId = randomUUID();
const claimsAt = (stack: Stack, changes: Claims = {}) =>
  userClaims(userId, { iss: `${stack.url}/auth/v1`, ...changes });
const firstToken = (stack: Stack) => es256(claimsAt(stack), first.privateKey, { kid: first.kid });
const secondToken = (stack: Stack) => rs256(claimsAt(stack), second.privateKey, { kid: second.kid });

let backend: Backend;
/** One for each runtime, with its own issuers. */
const addressed: { stack: Stack; issuer: Issuer; other: Issuer; askedAtMs: number }[] = [];

const OTHER = "https://other.example";
const otherToken = (key: SigningKey) =>
  es256({ iss: OTHER, sub: "somebody", exp: nowInSeconds() + 600 }, key.privateKey, { kid: key.kid });

before(async () => {
  backend = await Backend.start();
  for (const runtime of RUNTIMES) {
    const issuer = new Issuer();
    const other = new Issuer(publish(first));
    const url = await issuer.start();
    const issuers = [{ issuer: OTHER, jwks_url: await other.start(), audience: null }];
    const settings = () => ({
      SUPABASE_JWKS_URL: url,
      FABULA_JWT_SECRET: "",
      FABULA_ISSUERS: JSON.stringify(issuers),
    });
    const stack = await Stack.start(runtime, backend, settings);
    addressed.push({ stack, issuer, other, askedAtMs: 0 });
  }
});
after(async () => {
  for (const { stack, issuer, other } of addressed) {
    await stack.stop();
    issuer.stop();
    other.stop();
  }
  await backend.stop();
});

describe("a key set's address", () => {
  for (const [index, runtime] of RUNTIMES.entries()) {
    test(`no keys to be had: 503; then they are fetched once for all (${runtime})`, async () => {
      const { stack, issuer, other } = addressed[index]!;
      assert.deepEqual(await refusal(stack, firstToken(stack)), UNAVAILABLE);
      assert.ok(issuer.asked >= 1);
      await welcome(stack, otherToken(first));
      assert.equal(other.asked, 1);

      issuer.answer = publish(first);
      issuer.asked = 0;
      addressed[index]!.askedAtMs = performance.now();
      assert.equal(await welcome(stack, firstToken(stack)), userId);
      for (let turn = 0; turn < 3; turn += 1) await welcome(stack, firstToken(stack));
      await Promise.all(Array.from({ length: 10 }, () => welcome(stack, firstToken(stack))));
      assert.equal(issuer.asked, 1);
    });

    test(`keys that nobody has cannot make us ask the issuer again and again (${runtime})`, async () => {
      const { stack, issuer } = addressed[index]!;
      for (let turn = 0; turn < 5; turn += 1) {
        const token = es256(claimsAt(stack), first.privateKey, { kid: randomUUID() });
        assert.deepEqual(await refusal(stack, token), INVALID);
      }
      assert.deepEqual(await refusal(stack, secondToken(stack)), INVALID);
      assert.equal(issuer.asked, 1);
    });
  }
});

// --- The key set in the settings. ---

const ec = signingKey("ES256");
const rsa = signingKey("RS256");
const stranger = signingKey("ES256");
const strangerRsa = signingKey("RS256");

onEachRuntime(
  "a key set in the settings",
  (stack) => {
    const claims = (changes: Claims = {}) => claimsAt(stack(), changes);

    test("ES256 and RS256 tokens are their users", async () => {
      assert.equal(await welcome(stack(), es256(claims(), ec.privateKey, { kid: ec.kid })), userId);
      assert.equal(await welcome(stack(), rs256(claims(), rsa.privateKey, { kid: rsa.kid })), userId);
      const [principal] = await stack().backend.rows("principals", { id: userId });
      assert.deepEqual([principal!["kind"], principal!["subject"]], ["user", userId]);
    });

    test("a token that names no key is tried with those of its kind", async () => {
      assert.equal(await welcome(stack(), es256(claims(), ec.privateKey)), userId);
      assert.equal(await welcome(stack(), rs256(claims(), rsa.privateKey)), userId);
    });

    test("a token of role anon is nobody, so a guest", async () => {
      const anon = es256({ role: "anon", exp: nowInSeconds() + 60 }, ec.privateKey, { kid: ec.kid });
      const text = `Who am I? (${stack().runtime})`;
      stack().backend.model.tell(text, ["You are a guest here."]);
      const { guestToken, events } = await talk(stack(), { text }, { token: anon });
      assert.match(guestToken, /^fg_/);
      assert.deepEqual(events.ending, ["metadata", "done"]);
    });

    const good = { kid: ec.kid };
    const publicPem = ec.publicKey.export({ type: "spki", format: "pem" }) as string;
    const refusals: [title: string, token: () => string, expected?: unknown[]][] = [
      ["expired", () => es256(claims({ exp: nowInSeconds() - 120 }), ec.privateKey, good), [401, "token_expired"]],
      ["expired, RS256", () => rs256(claims({ exp: 1 }), rsa.privateKey, { kid: rsa.kid }), [401, "token_expired"]],
      ["not valid yet", () => es256(claims({ nbf: nowInSeconds() + 3600 }), ec.privateKey, good)],
      ["of another issuer", () => es256(claims({ iss: "https://elsewhere.example/auth/v1" }), ec.privateKey, good)],
      ["for another audience", () => es256(claims({ aud: ["elsewhere"] }), ec.privateKey, good)],
      ["forged: another key, our kid", () => es256(claims(), stranger.privateKey, good)],
      ["forged: another key, no kid", () => es256(claims(), stranger.privateKey)],
      ["forged: RS256", () => rs256(claims(), strangerRsa.privateKey, { kid: rsa.kid })],
      ["a kid that nobody has", () => es256(claims(), ec.privateKey, { kid: "nobody" })],
      ["an ES256 token with the RSA key's kid", () => es256(claims(), ec.privateKey, { kid: rsa.kid })],
      ["an RS256 token with the EC key's kid", () => rs256(claims(), rsa.privateKey, { kid: ec.kid })],
      ["a key that the token brings along", () => es256(claims(), stranger.privateKey, { jwk: stranger.jwk })],
      ["a critical header that we do not know", () => es256(claims(), ec.privateKey, { ...good, crit: ["b64"] })],
      ["a signature in DER", () => withDerSignature(claims(), ec)],
      ["a signature of zeros", () => withZeroSignature(es256(claims(), ec.privateKey, good))],
      ["HS256 with the public key in PEM", () => hs256(claims(), publicPem)],
      ["HS256 with the public key in DER", () => hs256(claims(), derOf(publicPem))],
      ["HS256 with the key set", () => hs256(claims(), keySet(ec, rsa))],
      ["HS256 with no secret", () => hs256(claims(), "")],
      ["HS256 with the secret that is not configured", () => hs256(claims(), stack().backend.keys.jwtSecret)],
    ];
    for (const [title, token, expected = INVALID] of refusals) {
      test(`refused: ${title}`, async () => {
        assert.deepEqual(await refusal(stack(), token()), expected);
      });
    }
  },
  { settings: () => ({ SUPABASE_JWKS: keySet(ec, rsa), FABULA_JWT_SECRET: "" }) },
);

function derOf(pem: string): Buffer {
  return createPublicKey(pem).export({ type: "spki", format: "der" });
}

function withDerSignature(claims: Claims, { privateKey, kid }: SigningKey): string {
  const input = es256(claims, privateKey, { kid }).split(".").slice(0, 2).join(".");
  return `${input}.${sign("sha256", Buffer.from(input), privateKey).toString("base64url")}`;
}

function withZeroSignature(token: string): string {
  return `${token.split(".").slice(0, 2).join(".")}.${Buffer.alloc(64).toString("base64url")}`;
}

// --- A minute later. ---

const aMinuteLater = { skip: !isLongRing && "of the long ring: they wait for a minute" };
describe("a key set's address, a minute later", aMinuteLater, () => {
  for (const [index, runtime] of RUNTIMES.entries()) {
    test(`a new key is picked up, and one that is withdrawn counts no more (${runtime})`, async () => {
      const { stack, issuer, askedAtMs } = addressed[index]!;
      const wait_ms = askedAtMs + SHORTEST_REFRESH_MS + 500 - performance.now();
      if (wait_ms > 0) await delay(wait_ms);
      issuer.answer = (...asked) => void setTimeout(() => publish(second)(...asked), 500);
      assert.equal(await welcome(stack, firstToken(stack)), userId);
      assert.equal(issuer.asked, 1, "a key that is known makes nobody ask");
      // Many have the new key at once: one asks, and the others wait for its answer.
      const crowd = Array.from({ length: 8 }, () => welcome(stack, secondToken(stack)));
      assert.deepEqual(new Set(await Promise.all(crowd)), new Set([userId]));
      assert.equal(issuer.asked, 2);
      assert.deepEqual(await refusal(stack, firstToken(stack)), INVALID);
      assert.equal(issuer.asked, 2);
    });

    test(`an issuer that hangs holds nobody whose key is known (${runtime})`, async () => {
      const { stack, other } = addressed[index]!;
      other.answer = hang;
      const startedMs = performance.now();
      const unknown = Array.from({ length: 3 }, () => refusal(stack, otherToken(stranger)));
      await delay(100);
      await welcome(stack, otherToken(first));
      assert.ok(performance.now() - startedMs < LONGEST_WAIT_MS - 1000, "held by the issuer");
      assert.deepEqual(await Promise.all(unknown), [INVALID, INVALID, INVALID]);
      const took_ms = performance.now() - startedMs;
      assert.ok(took_ms > LONGEST_WAIT_MS - 500 && took_ms < LONGEST_WAIT_MS + 5000, `${took_ms} ms`);
      assert.equal(other.asked, 2);
      assert.deepEqual(await refusal(stack, otherToken(stranger)), INVALID);
      assert.equal(other.asked, 2);
    });

    test(`while the issuer is down its known keys stay good (${runtime})`, async () => {
      const { stack, issuer } = addressed[index]!;
      issuer.stop();
      assert.equal(await welcome(stack, secondToken(stack)), userId);
      assertDiscreetLog(stack);
    });
  }
});
