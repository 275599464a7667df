import assert from "node:assert/strict";
import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { VerifyAlgorithm } from "../../wasm/host/abi.ts";
import { onBothHosts, root, type Host } from "./both-hosts.ts";

const invalid = -4;

type Key = JsonWebKey & { kty: string; k?: string };
interface Group {
  comment: string;
  private?: Key;
  public?: Key;
  tests: { tcId: number; comment: string; jws: string | object; result: string }[];
}

// C2SP/wycheproof, see tests/vectors/README.md.
const vectors = JSON.parse(
  readFileSync(join(root, "tests/vectors/json_web_signature_test.json"), "utf8"),
) as { testGroups: Group[] };

/** The guest's input: parts, each after its length. */
function parts(...values: (string | Buffer)[]): Uint8Array<ArrayBuffer> {
  const pieces = values.flatMap((value) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  return new Uint8Array(Buffer.concat(pieces));
}

async function verify(host: Host, algorithm: number, ...values: (string | Buffer)[]) {
  const response = await host.fetch(`verify?algorithm=${algorithm}`, {
    method: "POST",
    body: parts(...values),
  });
  const [status, value] = (await response.text()).split(" ").map(Number);
  return { status, isRight: value === 1 };
}

const algorithms: Record<string, VerifyAlgorithm> = {
  EC: VerifyAlgorithm.es256,
  RSA: VerifyAlgorithm.rs256,
  oct: VerifyAlgorithm.hs256,
};
const ours = new Set(["ES256", "RS256", "HS256"]);
const isBase64url = (text: string) =>
  Buffer.from(text, "base64url").toString("base64url") === text;

// Two vectors about padding are, as published, the same text as a valid one.
const valid = new Set(
  vectors.testGroups.flatMap(({ tests }) =>
    tests.filter(({ result }) => result === "valid").map(({ jws }) => jws),
  ),
);

// The host gets the requests of a token reader that uses only the key. The reader's own tests check
// that a token has three parts of valid base64url.
const wellFormed = vectors.testGroups.flatMap((group) => {
  const key = group.public ?? group.private!;
  return group.tests.flatMap(({ tcId, comment, jws, result }) => {
    const pieces = typeof jws === "string" ? jws.split(".") : [];
    if (result === "invalid" && valid.has(jws)) return [];
    if (pieces.length !== 3 || !pieces.every(isBase64url)) return [];
    const [header, payload, signature] = pieces as [string, string, string];
    return [{ title: `${tcId} ${comment}`, key, header, payload, signature, result }];
  });
});

/** Whether the key itself says that it is not for this. */
const isForSomethingElse = ({ alg, use, key_ops }: Key): boolean =>
  (alg !== undefined && !ours.has(alg)) || use === "enc" || key_ops?.includes("encrypt") === true;

onBothHosts("WebCrypto for the guest", (host) => {
  test("wycheproof: right signatures of ES256, RS256 and HS256 verify and no others", async () => {
    const counts = { right: 0, wrong: 0, "wrong key": 0 };
    for (const { title, key, header, payload, signature, result } of wellFormed) {
      const { status, isRight } = await verify(
        host(),
        algorithms[key.kty]!,
        key.kty === "oct" ? Buffer.from(key.k!, "base64url") : JSON.stringify(key),
        `${header}.${payload}`,
        Buffer.from(signature, "base64url"),
      );
      if (isForSomethingElse(key)) {
        assert.equal(status, invalid, title);
        counts["wrong key"] += 1;
      } else {
        assert.equal(status, 0, title);
        assert.equal(isRight, result === "valid", title);
        counts[isRight ? "right" : "wrong"] += 1;
      }
    }
    assert.deepEqual(counts, { right: 18, wrong: 260, "wrong key": 85 });
  });

  test("keys that are none are invalid, and so is an unknown algorithm unsupported", async () => {
    const { es256, rs256, hs256 } = VerifyAlgorithm;
    const ask = async (algorithm: number, key: string) =>
      (await verify(host(), algorithm, key, "data", Buffer.alloc(64))).status;
    assert.equal(await ask(es256, "not JSON"), invalid);
    assert.equal(await ask(es256, "null"), invalid);
    assert.equal(await ask(es256, '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}'), invalid);
    assert.equal(await ask(es256, '{"kty":"oct","k":"c2VjcmV0"}'), invalid);
    assert.equal(await ask(rs256, '{"kty":"RSA","n":"","e":""}'), invalid);
    assert.equal(await ask(hs256, ""), invalid);
    assert.equal(await ask(9, "key"), -5);
  });

  test("nothing verifies with a point that is not on the curve", async () => {
    // Deno imports such a key, workerd does not.
    const zeros = "A".repeat(43);
    const key = `{"kty":"EC","crv":"P-256","x":"${zeros}","y":"${zeros}"}`;
    const { isRight } = await verify(host(), VerifyAlgorithm.es256, key, "", Buffer.alloc(64));
    assert.equal(isRight, false);
  });

  test("SHA-256 and HMAC-SHA-256 are those of the standards", async () => {
    const compute = async (path: string, ...values: string[]) => {
      const response = await host().fetch(path, { method: "POST", body: parts(...values) });
      return Buffer.from(await response.arrayBuffer()).toString("hex");
    };
    for (const text of ["", "abc", "Once upon a time. ".repeat(1000)]) {
      assert.equal(await compute("sha256", text), createHash("sha256").update(text).digest("hex"));
      const code = createHmac("sha256", "a secret").update(text).digest("hex");
      assert.equal(await compute("hmac-sha256", text, "a secret"), code);
    }
  });

  test("AES-256-GCM is that of the standard, and opens nothing that was changed", async () => {
    const compute = async (path: string, ...values: Buffer[]) => {
      const response = await host().fetch(path, { method: "POST", body: parts(...values) });
      return Buffer.from(await response.arrayBuffer());
    };
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    for (const text of ["", "sk-a-key", "k".repeat(4096)]) {
      for (const context of ["", "bots.access_key 42"]) {
        const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
        const expected = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
        const given = [key, nonce, Buffer.from(context)] as const;
        assert.deepEqual(await compute("aes-gcm-encrypt", ...given, Buffer.from(text)), expected);
        assert.equal((await compute("aes-gcm-decrypt", ...given, expected)).toString(), text);
        const changed = Buffer.from(expected);
        changed[changed.length - 1]! ^= 1;
        const refused = Buffer.from(`status ${invalid}`);
        for (const [otherKey, otherNonce, otherContext, data] of [
          [key, nonce, Buffer.from("bots.access_key 43"), expected],
          [key, randomBytes(12), given[2], expected],
          [randomBytes(32), nonce, given[2], expected],
          [key, nonce, given[2], changed],
          [key, nonce, given[2], Buffer.from("short")],
          [key, nonce, given[2], Buffer.alloc(0)],
        ] as const) {
          assert.deepEqual(await compute("aes-gcm-decrypt", otherKey, otherNonce, otherContext, data), refused);
        }
      }
    }
  });
});
