// Access tokens signed like Supabase Auth's, and invalid ones.
import { createHmac, sign, type KeyObject } from "node:crypto";

export type Claims = Record<string, unknown>;

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The claims of a signed-in user; undefined takes one of them away. */
export function userClaims(userId: string, changes: Claims = {}): Claims {
  const now_s = nowInSeconds();
  return {
    sub: userId,
    aud: "authenticated",
    role: "authenticated",
    iat: now_s - 10,
    exp: now_s + 3600,
    ...changes,
  };
}

export function hs256(claims: Claims, secret: string | Buffer, header: Claims = {}): string {
  const input = `${encode({ alg: "HS256", typ: "JWT", ...header })}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

/** A token that claims to need no signature. */
export function unsigned(claims: Claims, signature = "", header: Claims = {}): string {
  return `${encode({ alg: "none", typ: "JWT", ...header })}.${encode(claims)}.${signature}`;
}

export function es256(claims: Claims, key: KeyObject, header: Claims = {}): string {
  const input = `${encode({ alg: "ES256", typ: "JWT", ...header })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

export function rs256(claims: Claims, key: KeyObject, header: Claims = {}): string {
  const input = `${encode({ alg: "RS256", typ: "JWT", ...header })}.${encode(claims)}`;
  return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
}
