// Supabase's anonymous users, which the embedded Auth does not support: a sign-up without address and
// phone makes one, and an address turns it into an account. Everything else goes to the embedded Auth;
// its answers and tokens are completed with whether the user is anonymous.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import type { SqlDatabase } from "./database-migrations.ts";

type Fetch = (request: Request) => Promise<Response>;

interface User {
  id?: string;
  email?: string;
  is_anonymous?: boolean;
  app_metadata?: object;
  user_metadata?: object;
  identities?: object[];
}

interface Session {
  access_token?: string;
  user?: User;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// The embedded Auth adds these, from the address that the user does not have.
const METADATA_OF_ADDRESSES = ["email", "email_verified", "phone_verified", "sub"];

export function withAnonymousUsers(fetch: Fetch, database: SqlDatabase, jwtSecret: string): Fetch {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/auth/v1/signup" && request.method === "POST") {
      const body = await readObject(request);
      if (body && !body["email"] && !body["phone"]) {
        return signUp(fetch, database, jwtSecret, request, body);
      }
    }
    if (!/^\/auth\/v1\/(token|user|verify)$/.test(pathname)) return fetch(request);
    const isChange = pathname === "/auth/v1/user" && request.method === "PUT";
    const { url, headers } = request;
    const response = await fetch(request);
    const answer = await readObject(response);
    const user = userOf(answer);
    if (!response.ok || !(await isAnonymous(database, user))) return response;
    if (isChange && (await becomesAccount(database, user))) {
      const credentials = { authorization: headers.get("authorization") ?? "" };
      const apikey = headers.get("apikey") ?? "";
      return fetch(new Request(url, { headers: { ...credentials, apikey } }));
    }
    return answerAnonymously(response, answer as Session & User, jwtSecret);
  };
}

async function signUp(
  fetch: Fetch,
  database: SqlDatabase,
  jwtSecret: string,
  request: Request,
  body: Record<string, unknown>,
): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  const credentials = {
    email: `${randomUUID()}@anonymous.invalid`,
    password: randomBytes(32).toString("base64url"),
    data: body["data"] ?? {},
  };
  const response = await fetch(
    new Request(request.url, { method: "POST", headers, body: JSON.stringify(credentials) }),
  );
  const session = (await readObject(response)) as Session | undefined;
  if (!response.ok || !session?.user) return response;
  const id = checkedId(session.user);
  const added = METADATA_OF_ADDRESSES.join(",");
  await database.run(`
    delete from auth.identities where user_id = '${id}';
    update auth.users set is_anonymous = true, email = null, encrypted_password = null,
      email_confirmed_at = null, raw_app_meta_data = '{}',
      raw_user_meta_data = (raw_user_meta_data::jsonb - '{${added}}'::text[])
    where id = '${id}'`);
  return answerAnonymously(response, session, jwtSecret);
}

async function isAnonymous(database: SqlDatabase, user: User | undefined): Promise<boolean> {
  if (!user?.id || !UUID.test(user.id)) return false;
  const rows = await database.rows(
    `select from auth.users where id = '${user.id}' and is_anonymous`,
  );
  return rows.length > 0;
}

// Supabase does not ask to confirm an address where confirmations are off, as they are here.
async function becomesAccount(database: SqlDatabase, user: User | undefined): Promise<boolean> {
  const id = checkedId(user);
  const rows = await database.rows(`
    with account as (
      update auth.users set email = email_change, email_change = '', is_anonymous = false,
        email_change_token_new = '', email_change_sent_at = null, email_confirmed_at = now(),
        raw_app_meta_data = '{"provider":"email","providers":["email"]}'
      where id = '${id}' and is_anonymous and email_change <> ''
      returning id, email)
    insert into auth.identities (id, provider, provider_id, user_id, identity_data, created_at, updated_at)
    select gen_random_uuid(), 'email', id::text, id,
      jsonb_build_object('email', email, 'email_verified', true, 'sub', id), now(), now()
    from account
    returning id`);
  return rows.length > 0;
}

function answerAnonymously(
  response: Response,
  answer: Session & User,
  jwtSecret: string,
): Response {
  const user = userOf(answer) as User;
  const nobody = { email: "", is_anonymous: true, app_metadata: {}, identities: [] };
  const metadata = Object.entries(user.user_metadata ?? {});
  const user_metadata = Object.fromEntries(
    metadata.filter(([name]) => !METADATA_OF_ADDRESSES.includes(name)),
  );
  const told = { ...user, ...nobody, user_metadata };
  const { access_token } = answer;
  const body = access_token
    ? { ...answer, access_token: anonymousToken(access_token, jwtSecret), user: told }
    : told;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(body), { status: response.status, headers });
}

function anonymousToken(token: string, secret: string): string {
  const [header = "", payload = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const told = Buffer.from(JSON.stringify({ ...claims, email: "", is_anonymous: true }));
  const signed = `${header}.${told.toString("base64url")}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

function userOf(answer: object | undefined): User | undefined {
  return (answer as Session | undefined)?.user ?? (answer as User | undefined);
}

function checkedId(user: User | undefined): string {
  if (!user?.id || !UUID.test(user.id)) throw new Error("The embedded Auth has named no user.");
  return user.id;
}

/** The body as a JSON object, which can still be read; undefined for anything else. */
async function readObject(message: Request | Response): Promise<Record<string, unknown> | undefined> {
  const text = await message.clone().text();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
