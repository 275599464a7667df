import { Status, VerifyAlgorithm } from "../abi.ts";
import type { Completions } from "../completions.ts";
import type { GuestMemory } from "../memory.ts";
import { Operation } from "../operation.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const AES_KEY_BYTES = 32;
export const AES_NONCE_BYTES = 12;

const hmac = { name: "HMAC", hash: "SHA-256" };

/** Bytes that WebCrypto computes, into the guest's memory, which has room for all of them. */
export class ComputeOperation extends Operation {
  #result: Uint8Array | null = null;

  constructor(
    id: number,
    private readonly address: number,
  ) {
    super(id);
  }

  start(completions: Completions, result: Promise<ArrayBuffer>): void {
    result.then(
      (bytes) => {
        this.#result = new Uint8Array(bytes);
        this.value = bytes.byteLength;
        completions.complete(this);
      },
      () => completions.fail(this, Status.invalid),
    );
  }

  override deliver(memory: GuestMemory): void {
    if (this.#result !== null) memory.fill(this.address, this.#result.length, this.#result);
  }
}

export const sha256 = (data: Bytes): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", data);

export async function hmacSha256(key: Bytes, data: Bytes): Promise<ArrayBuffer> {
  const imported = await crypto.subtle.importKey("raw", key, hmac, false, ["sign"]);
  return await crypto.subtle.sign(hmac, imported, data);
}

/** AES-256-GCM with a tag of 16 bytes after the ciphertext; `context` is authenticated with the data. */
export async function aesGcmEncrypt(
  key: Bytes,
  nonce: Bytes,
  context: Bytes,
  data: Bytes,
): Promise<ArrayBuffer> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return await crypto.subtle.encrypt(aesGcm(nonce, context), imported, data);
}

/** Rejects data that was not encrypted with this key, nonce and context. */
export async function aesGcmDecrypt(
  key: Bytes,
  nonce: Bytes,
  context: Bytes,
  data: Bytes,
): Promise<ArrayBuffer> {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  return await crypto.subtle.decrypt(aesGcm(nonce, context), imported, data);
}

const aesGcm = (iv: Bytes, additionalData: Bytes): AesGcmParams => ({
  name: "AES-GCM",
  iv,
  additionalData,
  tagLength: 128,
});

export class VerifyOperation extends Operation {
  start(
    completions: Completions,
    algorithm: number,
    key: Bytes,
    data: Bytes,
    signature: Bytes,
  ): void {
    const imported = importVerifyKey(algorithm, key);
    if (imported === null) {
      completions.fail(this, Status.unsupported);
      return;
    }
    imported
      .then((known) => crypto.subtle.verify(verifyParameters(algorithm), known, signature, data))
      .then(
        (isRight) => {
          this.value = isRight ? 1 : 0;
          completions.complete(this);
        },
        () => completions.fail(this, Status.invalid),
      );
  }
}

function verifyParameters(algorithm: number): AlgorithmIdentifier | EcdsaParams {
  if (algorithm === VerifyAlgorithm.es256) return { name: "ECDSA", hash: "SHA-256" };
  return algorithm === VerifyAlgorithm.rs256 ? "RSASSA-PKCS1-v1_5" : "HMAC";
}

/** Null when the algorithm is unknown; rejects when the key does not fit it. */
function importVerifyKey(algorithm: number, key: Bytes): Promise<CryptoKey> | null {
  switch (algorithm) {
    case VerifyAlgorithm.es256:
      return importPublicKey(key, "ES256", { name: "ECDSA", namedCurve: "P-256" });
    case VerifyAlgorithm.rs256:
      return importPublicKey(key, "RS256", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" });
    case VerifyAlgorithm.hs256:
      return crypto.subtle.importKey("raw", key, hmac, false, ["verify"]);
    default:
      return null;
  }
}

// RFC 7518, section 6.2.1.2: a coordinate is 32 bytes, 43 characters of base64url.
const coordinateCharacters = 43;

/**
 * A key's purpose is in `alg`, `use` and `key_ops` (RFC 7517, section 4). The runtimes check them
 * differently, so they are checked here, and the runtimes only get the key's numbers.
 */
async function importPublicKey(
  text: Bytes,
  name: string,
  algorithm: EcKeyImportParams | RsaHashedImportParams,
): Promise<CryptoKey> {
  const { kty, crv, x, y, n, e, alg, use, key_ops } = JSON.parse(
    new TextDecoder().decode(text),
  ) as JsonWebKey;
  const isForVerifying =
    (alg === undefined || alg === name) &&
    (use === undefined || use === "sig") &&
    (key_ops === undefined || key_ops.includes("verify"));
  if (!isForVerifying) throw new TypeError(`the key is not for verifying ${name}`);
  if (name === "RS256") return await importNumbers({ kty, n, e }, algorithm);
  if (x?.length !== coordinateCharacters || y?.length !== coordinateCharacters) {
    throw new TypeError("the key's point is not one of P-256");
  }
  return await importNumbers({ kty, crv, x, y }, algorithm);
}

function importNumbers(
  numbers: Partial<Record<"kty" | "crv" | "x" | "y" | "n" | "e", string | undefined>>,
  algorithm: EcKeyImportParams | RsaHashedImportParams,
): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", numbers as JsonWebKey, algorithm, false, ["verify"]);
}
