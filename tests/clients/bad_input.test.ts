// An invalid request gets its status, a problem with a stable code, and a log line with the reason;
// nothing is stored, and no model is asked.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { before, test } from "node:test";
import type { Row } from "./backend.ts";
import { chatUrl, talk } from "./chat.ts";
import { onEachRuntime, type Stack } from "./stack.ts";
import { signUp, type Person } from "./supabase.ts";
import { hs256, nowInSeconds, unsigned, userClaims } from "./tokens.ts";

interface Wrong {
  body?: string | Uint8Array<ArrayBuffer>;
  token?: string;
  headers?: Record<string, string>;
  method?: string;
  /** Below /functions/v1. */
  path?: string;
  /** Past the origin. */
  isDirect?: boolean;
}

interface Expected {
  status: number;
  code: string;
  /** Fields at fault. */
  paths?: string[];
}

interface Refusal {
  response: Response;
  text: string;
  problem: Row;
}

/** Sends an invalid request, and checks the common properties of every refusal. */
async function refused(stack: Stack, wrong: Wrong, { status, code, paths }: Expected): Promise<Refusal> {
  const requestId = `wrong-${randomUUID()}`;
  const { response, text } = await send(stack, wrong, requestId);
  assert.equal(response.status, status, text);
  const type = response.headers.get("content-type");
  assert.equal(type, "application/problem+json");
  assert.equal(response.headers.get("x-request-id"), requestId);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  const problem = JSON.parse(text) as Row;
  assert.equal(problem["status"], status);
  assert.equal(problem["code"], code);
  assert.equal(problem["type"], `urn:fabula:problem:${code}`);
  assert.equal(problem["instance"], requestId);
  assert.ok(problem["title"] && problem["detail"], "what it is and what to do");
  assert.deepEqual((problem["errors"] as { path: string }[] | undefined)?.map(({ path }) => path), paths);
  if (status === 401) assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/);

  const entries = await stack.logEntries(requestId);
  assert.equal(entries.length, 1);
  assert.deepEqual([entries[0]!["status"], entries[0]!["code"]], [status, code]);
  return { response, text, problem };
}

async function send(stack: Stack, wrong: Wrong, requestId: string) {
  const { body, token, headers, method = "POST", path = "/chat" } = wrong;
  const base = wrong.isDirect ? stack.functions.url : stack.url;
  const response = await fetch(`${base}/functions/v1${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      "x-request-id": requestId,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
  return { response, text: await response.text() };
}

const json = (value: unknown): string => JSON.stringify(value);
const bytes = (...pieces: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))));

const WELL = json({ text: "Nothing is wrong with this text." });
const UNKNOWN_ID = "00000000-0000-4000-8000-0000000000ff";
const OTHER_SECRET = "another secret that signs the tokens of another project";
const malformed = { status: 400, code: "malformed_json" };
const invalidId = { status: 400, code: "invalid_id" };
const notFound = { status: 404, code: "not_found" };
const tooLarge = { status: 413, code: "body_too_large" };
const invalid = (...paths: string[]) => ({ status: 422, code: "invalid_request", paths });

const BODIES: [title: string, body: string | Uint8Array<ArrayBuffer>, expected: Expected][] = [
  ["no body", "", malformed],
  ["half a document", '{"text":', malformed],
  ["two documents", `${WELL}${WELL}`, malformed],
  ["single quotes", "{'text':'Hello there.'}", malformed],
  ["a raw control character", '{"text":"line\nbreak"}', malformed],
  ["not a number", '{"text":NaN}', malformed],
  ["an array", "[]", invalid("")],
  ["null", "null", invalid("")],
  ["no text", "{}", invalid("text")],
  ["text that is null", '{"text":null}', invalid("text")],
  ["text that is a number", '{"text":5}', invalid("text")],
  ["text that is an object", '{"text":{"a":1}}', invalid("text")],
  ["blank text", '{"text":" \\n\\u3000"}', invalid("text")],
  ["U+0000 in the text", '{"text":"before \\u0000 after"}', invalid("text")],
  ["text over its limit", json({ text: "x".repeat(200_001) }), invalid("text")],
  ["invalid UTF-8", bytes('{"text":"', [0xff], '"}'), { status: 400, code: "invalid_utf8" }],
  ["UTF-8 cut short", bytes('{"text":"', [0xe2, 0x82], '"}'), { status: 400, code: "invalid_utf8" }],
  ["UTF-8 of a surrogate", bytes('{"text":"', [0xed, 0xa0, 0x80], '"}'), { status: 400, code: "invalid_utf8" }],
  ["arrays 10,000 deep", "[".repeat(10_000), { status: 400, code: "json_too_deep" }],
  [
    "objects 10,000 deep",
    `{"text":${'{"a":'.repeat(10_000)}1${"}".repeat(10_001)}`,
    { status: 400, code: "json_too_deep" },
  ],
  ["a session id that is none", json({ text: "Hello there.", session_id: "abc" }), { ...invalidId, paths: ["session_id"] }],
  ["a project id that is none", json({ text: "Hello there.", project_id: "x'--" }), { ...invalidId, paths: ["project_id"] }],
  ["a session id that is a number", json({ text: "Hello there.", session_id: 7 }), invalid("session_id")],
  ["several faults", json({ text: 5, session_id: [], project_id: "abc" }), invalid("text", "session_id", "project_id")],
  ["a session that is not there", json({ text: "Hello there.", session_id: UNKNOWN_ID }), notFound],
  ["a project that is not there", json({ text: "Hello there.", project_id: UNKNOWN_ID }), notFound],
  ["a user id that is another's", json({ text: "Hello there.", user_id: UNKNOWN_ID }), { status: 403, code: "forbidden" }],
  ["an unknown protocol", json({ text: "Hello there.", protocol: "gopher" }), invalid("protocol")],
];

onEachRuntime("bad input", (stack) => {
  let ana: Person;
  let bob: Person;
  /** Somebody's conversation, which no refusal may touch. */
  let sessionId: string;
  let projectId: string;
  let before_: Record<string, Row[]>;
  let modelRequests: number;

  before(async () => {
    ana = await signUp(stack());
    bob = await signUp(stack());
    const text = `Whose story is this? (${stack().runtime})`;
    const next = `Does it go on? (${stack().runtime})`;
    stack().backend.model.tell(text, ["The story is Ana's."]);
    stack().backend.model.tell(next, ["The story of Bob goes on."]);
    const turn = await talk(stack(), { text }, { token: ana.token });
    // Bob is known as well: a first refusal does not make him so.
    await talk(stack(), { text: next }, { token: bob.token });
    sessionId = turn.sessionId;
    projectId = turn.events.metadata["project_id"];
    before_ = await stack().backend.everything();
    modelRequests = stack().backend.model.count;
  });

  const secret = () => stack().backend.keys.jwtSecret;
  const claims = (changes = {}) => userClaims(ana.id, changes);

  for (const [title, body, expected] of BODIES) {
    test(`the body: ${title}`, async () => {
      await refused(stack(), { body, token: ana.token }, expected);
    });
  }

  test("the same faults of somebody who is not signed in make no guest", async () => {
    for (const [, body, expected] of BODIES.slice(0, 12)) await refused(stack(), { body }, expected);
    await refused(stack(), { body: json({ text: "Hello there.", session_id: sessionId }) }, notFound);
  });

  test("another's session is refused byte for byte as one that is not there", async () => {
    const requestId = "the-same-request";
    const ask = (session_id: string, project_id?: string) =>
      send(stack(), { body: json({ text: "Hello there.", session_id, project_id }), token: bob.token }, requestId);
    const of = ({ response, text }: Awaited<ReturnType<typeof send>>) => {
      const headers = [...response.headers].filter(([name]) => name !== "date");
      return { status: response.status, headers, text };
    };
    const another = of(await ask(sessionId));
    assert.equal(another.status, 404);
    assert.deepEqual(another, of(await ask(UNKNOWN_ID)));
    assert.doesNotMatch(another.text, new RegExp(sessionId));
    const body = (project_id: string) => json({ text: "Hello there.", project_id });
    const project = of(await send(stack(), { body: body(projectId), token: bob.token }, requestId));
    assert.equal(project.status, 404);
    assert.deepEqual(project, of(await send(stack(), { body: body(UNKNOWN_ID), token: bob.token }, requestId)));
  });

  const invalidToken = { status: 401, code: "invalid_token" };
  const expired = { status: 401, code: "token_expired" };
  const tokens: [title: string, token: () => string, expected: Expected][] = [
    ["expired", () => hs256(claims({ exp: nowInSeconds() - 120 }), secret()), expired],
    ["signed with another secret", () => hs256(claims(), OTHER_SECRET), invalidToken],
    ["signed with no secret", () => hs256(claims(), ""), invalidToken],
    ["changed after it was signed", () => withAnotherUser(ana.token, bob.id), invalidToken],
    ["cut short", () => ana.token.slice(0, -4), invalidToken],
    ["alg: none", () => unsigned(claims()), invalidToken],
    ["alg: none, signed nonetheless", () => unsigned(claims(), "c2lnbmVk"), invalidToken],
    ["garbage", () => "nonsense", invalidToken],
    ["three parts of garbage", () => "aaaa.bbbb.cccc", invalidToken],
    ["a header too deep", () => `${Buffer.from("[".repeat(4000)).toString("base64url")}.e30.AAAA`, invalidToken],
    ["empty", () => "", invalidToken],
    ["without exp", () => hs256(claims({ exp: undefined }), secret()), invalidToken],
    ["of next week", () => hs256(claims({ nbf: nowInSeconds() + 600_000 }), secret()), invalidToken],
    ["for another audience", () => hs256(claims({ aud: "elsewhere" }), secret()), invalidToken],
    ["of another issuer", () => hs256(claims({ iss: "https://elsewhere.example/auth/v1" }), secret()), invalidToken],
    ["of role service_role", () => hs256(claims({ role: "service_role" }), secret()), invalidToken],
    ["of a subject that is no UUID", () => hs256(claims({ sub: "ana" }), secret()), invalidToken],
    ["the secret key", () => stack().backend.keys.secretKey, invalidToken],
    ["another project's publishable key", () => "sb_publishable_of_another_project", invalidToken],
    ["a guest's token that nobody was given", () => `fg_${randomBytes(32).toString("base64url")}`, invalidToken],
    ["a guest's token cut short", () => `fg_${randomBytes(20).toString("base64url")}`, invalidToken],
  ];
  for (const [title, token, expected] of tokens) {
    test(`the token: ${title}`, async () => {
      stack().backend.secrets.add(token());
      await refused(stack(), { body: WELL, token: token() }, expected);
    });
  }

  test("the token: another scheme", async () => {
    const authorization = `Basic ${Buffer.from("ana:a long password").toString("base64")}`;
    await refused(stack(), { body: WELL, headers: { authorization } }, invalidToken);
  });

  test("a token is looked at before the body", async () => {
    await refused(stack(), { body: "{", token: "nonsense" }, invalidToken);
  });

  test("headers: what is not JSON, what cannot be answered, a user who is somebody else", async () => {
    const { token } = ana;
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"]) {
      const headers = { "content-type": type };
      await refused(stack(), { body: WELL, token, headers }, { status: 415, code: "unsupported_media_type" });
    }
    const accept = { accept: "text/html" };
    await refused(stack(), { body: WELL, token, headers: accept }, { status: 406, code: "not_acceptable" });
    const another = { "x-user-id": bob.id };
    await refused(stack(), { body: WELL, token, headers: another }, { status: 403, code: "forbidden" });
    await refused(stack(), { body: WELL, token, headers: { "x-user-id": "bob" } }, invalidId);
  });

  test("verbs and routes", async () => {
    const wrongVerb = { status: 405, code: "method_not_allowed" };
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
      const { response } = await refused(stack(), { method }, wrongVerb);
      assert.match(response.headers.get("allow") ?? "", /^(POST, OPTIONS|OPTIONS, POST|POST)$/);
    }
    const { response } = await refused(stack(), { path: "/chat/health", body: WELL }, wrongVerb);
    assert.match(response.headers.get("allow") ?? "", /\bGET\b/);
    for (const path of ["/chat/nowhere", "/chat//", "/chat/health/more"]) {
      await refused(stack(), { path, body: WELL }, notFound);
    }
  });

  test("a function that is not there", async () => {
    for (const path of ["/nothing", "/chat%2Fhealth"]) {
      const { response, text } = await send(stack(), { path, body: WELL }, "no-such-function");
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal(response.headers.get("x-request-id"), "no-such-function");
      assert.equal((JSON.parse(text) as Row)["code"], "not_found");
    }
  });

  test("a text of a megabyte, again and again", async () => {
    const body = json({ text: "x".repeat(1_000_000) });
    for (let time = 0; time < 20; time += 1) {
      await refused(stack(), { body, token: ana.token, isDirect: true }, tooLarge);
    }
  });

  test("after all this nothing is stored and no model was asked", async () => {
    assert.deepEqual(await stack().backend.everything(), before_);
    assert.equal(stack().backend.model.count, modelRequests);
  });

  test("and the conversation goes on, for the token's leeway too", async () => {
    const text = `What was I saying? (${stack().runtime})`;
    stack().backend.model.tell(text, ["You were telling a story."]);
    const late = hs256(claims({ exp: nowInSeconds() - 5 }), secret());
    const { events } = await talk(stack(), { text, session_id: sessionId.toUpperCase() }, { token: late });
    assert.deepEqual(events.ending, ["metadata", "done"]);
    assert.equal(events.metadata["session_id"], sessionId);
    assert.equal(events.metadata["user_id"], ana.id);
  });

  test("health answers whoever asks, and any OPTIONS is a preflight", async () => {
    const health = await fetch(`${chatUrl(stack())}/health`, { headers: { authorization: "Bearer nonsense" } });
    assert.equal(health.status, 200);
    assert.equal(((await health.json()) as Row)["status"], "ok");
    const options = await fetch(`${chatUrl(stack())}/nowhere`, { method: "OPTIONS" });
    assert.deepEqual([options.status, await options.text()], [204, ""]);
  });

  test("a text of a megabyte through the origin, which passes the answer on each time", async () => {
    const body = json({ text: "x".repeat(1_000_000) });
    for (let time = 0; time < 40; time += 1) {
      await refused(stack(), { body, token: ana.token }, tooLarge);
      const next = await fetch(`${chatUrl(stack())}/health`, { signal: AbortSignal.timeout(2_000) });
      assert.equal(next.status, 200, "the connection can be used again");
      await next.text();
    }
  });
});

/** The token with another `sub`, and the signature that it had. */
function withAnotherUser(token: string, sub: string): string {
  const [header, payload, signature] = token.split(".") as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Row;
  const changed = Buffer.from(JSON.stringify({ ...claims, sub })).toString("base64url");
  return `${header}.${changed}.${signature}`;
}
