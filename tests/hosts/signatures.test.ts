// Wycheproof's JSON Web Signature vectors by the way that the functions take: the token is read, the
// keys that may verify it are chosen, and the host's WebCrypto verifies. Every vector gets a verdict.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { onBothHosts, root } from "./both-hosts.ts";

interface Key {
  kty: string;
  alg?: string;
  use?: string;
  x?: string;
  k?: string;
}
interface Group {
  private?: Key;
  public?: Key;
  tests: { tcId: number; comment: string; jws: string; result: "valid" | "invalid" }[];
}

// C2SP/wycheproof, see tests/vectors/README.md.
const { testGroups } = JSON.parse(
  readFileSync(join(root, "tests/vectors/json_web_signature_test.json"), "utf8"),
) as { testGroups: Group[] };

const VECTORS = 401;
const SUPPORTED = new Set(["ES256", "RS256", "HS256"]);
// As in tests/unit/auth_vectors.cpp: two are the text of a valid one but marked invalid, two contain
// a `?` but are marked valid.
const CALLED_INVALID = new Set([367, 370]);
const CALLED_VALID = new Set([372, 373]);

/** A key's declared purpose. */
const purposeOf = (key: Key): string => key.alg ?? `${key.kty} for something else`;

// How many tokens of each purpose verify; all others are refused.
const EXPECTED = {
  HS256: { verified: 10, refused: 30 },
  ES256: { verified: 2, refused: 37 },
  RS256: { verified: 8, refused: 225 },
  "EC for something else": { verified: 0, refused: 2 },
  "RSA for something else": { verified: 0, refused: 2 },
  RS384: { verified: 0, refused: 4 },
  RS512: { verified: 0, refused: 4 },
  PS256: { verified: 0, refused: 50 },
  PS384: { verified: 0, refused: 5 },
  PS512: { verified: 0, refused: 20 },
  ES521: { verified: 0, refused: 2 },
};

onBothHosts("signatures of tokens", (host) => {
  const verdict = async (jwks: string, secret: string, token: string): Promise<string> => {
    const body = JSON.stringify({ action: "verify_signature", jwks, secret, token });
    const response = await fetch(`${host().url}/identity`, { method: "POST", body });
    assert.equal(response.status, 200);
    return await response.text();
  };

  test("every vector is verified or refused, by its algorithm", async (t) => {
    const counts: Record<string, { verified: number; refused: number }> = {};
    for (const group of testGroups) {
      const key = group.public ?? group.private!;
      const jwks = JSON.stringify({ keys: [key] });
      const count = (counts[purposeOf(key)] ??= { verified: 0, refused: 0 });
      for (const { tcId, comment, jws, result } of group.tests) {
        const isRight = (result === "valid" || CALLED_INVALID.has(tcId)) && !CALLED_VALID.has(tcId);
        const answer = await verdict(jwks, key.k ?? "", jws);
        const title = `${tcId} ${comment}: ${answer}`;
        if (isRight && SUPPORTED.has(purposeOf(key))) assert.equal(answer, "verified", title);
        else assert.match(answer, /^invalid_token: ./, title);
        count[answer === "verified" ? "verified" : "refused"] += 1;
      }
    }
    for (const [purpose, { verified, refused }] of Object.entries(counts)) {
      t.diagnostic(`${purpose}: ${verified} verified, ${refused} refused`);
    }
    assert.deepEqual(counts, EXPECTED);
    const all = Object.values(counts).reduce((sum, count) => sum + count.verified + count.refused, 0);
    assert.equal(all, VECTORS);
  });

  test("a token is verified among the keys of all groups only by its own", async () => {
    const publicKeys = testGroups.flatMap((group) => group.public ?? []);
    const es256 = testGroups.find(({ public: key }) => key?.alg === "ES256" && key.use === "sig")!;
    const valid = es256.tests.find(({ result }) => result === "valid")!;
    // Several groups share one key.
    const others = publicKeys.filter(({ x }) => x !== es256.public!.x);
    const set = (keys: Key[]) => JSON.stringify({ keys });
    assert.ok(others.length > 0 && others.length < publicKeys.length);
    assert.equal(await verdict(set(publicKeys), "", valid.jws), "verified");
    assert.match(await verdict(set(others), "", valid.jws), /^invalid_token: /);
    assert.match(await verdict(set([]), "", valid.jws), /^invalid_token: /);
  });
});
