// The keys of the embedded Supabase, made once for each data directory.
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./part.ts";

export interface Keys {
  /** `sb_publishable_...`, for clients: may be public. */
  publishableKey: string;
  /** `sb_secret_...`, for servers: passes row level security. */
  secretKey: string;
  /** Signs and checks access tokens (HS256). */
  jwtSecret: string;
  /** Encrypts bots' own keys in the database (FABULA_ENCRYPTION_KEY). */
  encryptionKey: string;
}

const KEY_BYTES = 24;
const JWT_SECRET_BYTES = 48;
const ENCRYPTION_KEY_BYTES = 32;

export function loadKeys(dataDir: string): Keys {
  const file = join(dataDir, "keys.json");
  return readKeys(file) ?? createKeys(file);
}

function createKeys(file: string): Keys {
  const keys: Keys = {
    publishableKey: `sb_publishable_${randomBytes(KEY_BYTES).toString("base64url")}`,
    secretKey: `sb_secret_${randomBytes(KEY_BYTES).toString("base64url")}`,
    jwtSecret: randomBytes(JWT_SECRET_BYTES).toString("base64url"),
    encryptionKey: newEncryptionKey(),
  };
  // Written to another file and linked: no reader sees half a file, and the first of two writers
  // wins.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readKeys(file) ?? keys;
}

const newEncryptionKey = (): string => randomBytes(ENCRYPTION_KEY_BYTES).toString("hex");

/** A directory of an earlier version has no encryption key yet. */
function addEncryptionKey(file: string, others: Omit<Keys, "encryptionKey">): Keys {
  const keys = { ...others, encryptionKey: newEncryptionKey() };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return keys;
}

function readKeys(file: string): Keys | undefined {
  let text: string;
  let known: Omit<Keys, "encryptionKey"> | undefined;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const keys = JSON.parse(text) as Partial<Keys>;
    const { publishableKey, secretKey, jwtSecret, encryptionKey } = keys;
    if (publishableKey && secretKey && jwtSecret) known = { publishableKey, secretKey, jwtSecret };
    if (known && encryptionKey) return { ...known, encryptionKey };
  } catch {
    // Reported below: the parser's message would quote the secrets.
  }
  if (known) return addEncryptionKey(file, known);
  throw new StartError(`${file} is damaged. Delete it to get new keys (users must sign in again).`);
}
