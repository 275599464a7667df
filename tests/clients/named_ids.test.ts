// Ids in bodies, queries and headers count like those in paths: another's things do not exist for
// the caller, and claiming an identity does not give it.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { isLongRing } from "../ring.ts";
import { NOBODYS_PROMPT } from "./access_bodies.ts";
import type { Row } from "./backend.ts";
import { talk } from "./chat.ts";
import { idsOf, rest, settle, tracesOfOthers, type Person } from "./people.ts";
import { onEachRuntime } from "./stack.ts";
import { hs256, userClaims } from "./tokens.ts";

interface Scene {
  /** The caller; undefined: anonymous. */
  me?: Person;
  /** The person whose ids are named. */
  other: Person;
  /** A session other than the one with `me.messageId`. */
  mySecondSession?: string;
}

/** The request: [route, body, headers]. */
type Asked = [route: string, body?: object, headers?: Record<string, string>];

const TEXT = "Whose words are these?";
const regenerate = ({ messageId }: Person) => `POST /chat/messages/${messageId}/regenerate`;
const goOn = ({ messageId }: Person) => `POST /chat/messages/${messageId}/continue`;
const header = ({ id }: Person) => ({ "x-user-id": id });

// Requests of anybody, signed in or not, that name another's things.
const OF_OTHERS: [title: string, ask: (scene: Scene) => Asked, expected: string][] = [
  ["another's session", ({ other }) => ["POST /chat", { text: TEXT, session_id: other.sessionId }], "404 not_found"],
  ["another's project", ({ other }) => ["POST /chat", { text: TEXT, project_id: other.projectId }], "404 not_found"],
  ["another's session in its project", ({ other: { sessionId, projectId } }) =>
    ["POST /chat", { text: TEXT, session_id: sessionId, project_id: projectId }], "404 not_found"],
  ["another's message to edit", ({ other }) =>
    ["POST /chat", { text: TEXT, edit_from_message_id: other.questionId }], "404 not_found"],
  ["another's message in its session", ({ other: { sessionId, questionId } }) =>
    ["POST /chat", { text: TEXT, session_id: sessionId, edit_from_message_id: questionId }], "404 not_found"],
  ["another's user id in a turn", ({ other }) => ["POST /chat", { text: TEXT, user_id: other.id }], "403 forbidden"],
  ["another's user id in a header", ({ other }) => ["POST /chat", { text: TEXT }, header(other)], "403 forbidden"],
  ["another's user id and session", ({ other }) =>
    ["POST /chat", { text: TEXT, user_id: other.id, session_id: other.sessionId }], "403 forbidden"],
  ["another's project for a premise", ({ other }) =>
    ["POST /story/generate-premise", { title: TEXT, project_id: other.projectId }], "404 not_found"],
  ["another's project for a whole story", ({ other }) =>
    ["POST /story/generate-full", { title: TEXT, project_id: other.projectId }], "404 not_found"],
  ["another's conversation with a companion", ({ other }) =>
    ["POST /companion/chat", { messages: [{ role: "user", content: TEXT }], conversation_id: other.conversationId }], "404 not_found"],
  ["a session id that is none", () => ["POST /chat", { text: TEXT, session_id: "1' or true" }], "400 invalid_id"],
  ["a project id that is none", () => ["POST /chat", { text: TEXT, project_id: "*" }], "400 invalid_id"],
  ["a message id that is none", () => ["POST /chat", { text: TEXT, edit_from_message_id: "../x" }], "400 invalid_id"],
  ["a user id that is none", () => ["POST /chat", { text: TEXT, user_id: "me" }], "400 invalid_id"],
  ["a user id in a header that is none", () => ["POST /chat", { text: TEXT }, { "x-user-id": "me" }], "400 invalid_id"],
];

// Requests that name another's things together with the caller's own.
const BESIDE_OWN: [title: string, ask: (scene: Required<Scene>) => Asked, expected: string][] = [
  ["own session, another's project", ({ me, other }) =>
    ["POST /chat", { text: TEXT, session_id: me.sessionId, project_id: other.projectId }], "404 not_found"],
  ["own project, another's session", ({ me, other }) =>
    ["POST /chat", { text: TEXT, session_id: other.sessionId, project_id: me.projectId }], "404 not_found"],
  ["own session, another's message", ({ me, other }) =>
    ["POST /chat", { text: TEXT, session_id: me.sessionId, edit_from_message_id: other.questionId }], "404 not_found"],
  ["own message, another's session", ({ me, other }) =>
    ["POST /chat", { text: TEXT, session_id: other.sessionId, edit_from_message_id: me.questionId }], "404 not_found"],
  ["own message, own session where it is not", ({ me, mySecondSession }) =>
    ["POST /chat", { text: TEXT, session_id: mySecondSession, edit_from_message_id: me.questionId }], "404 not_found"],
  ["another's user id in another take", ({ me, other }) => [regenerate(me), { user_id: other.id }], "403 forbidden"],
  ["another's user id in a continuation", ({ me, other }) => [goOn(me), { user_id: other.id }], "403 forbidden"],
  ["another's user id in a take's header", ({ me, other }) => [regenerate(me), {}, header(other)], "403 forbidden"],
  ["another's user id in the profile", ({ other }) =>
    ["POST /users", { user_id: other.id, display_name: "Mallory" }], "403 forbidden"],
  ["another's bot", ({ other: { botId } }) =>
    ["POST /stream/v1/stream", { bot_id: botId, conversation_id: 1, prompt: TEXT }], "404 not_found"],
  ["another's project for its story to go on", ({ other }) =>
    ["POST /story/continue", { project_id: other.projectId }], "404 not_found"],
  ["another's project for pictures", ({ other }) =>
    ["POST /story/illustrations", { project_id: other.projectId }], "404 not_found"],
  ["own story, another's scene for a picture", ({ me, other }) =>
    ["POST /story/illustrations", { project_id: me.projectId, scene_ids: [other.sceneId] }], "422 invalid_request"],
  ["own story, a scene after another's", ({ me, other }) =>
    [`POST /story/projects/${me.projectId}/scenes`, { title: TEXT, after_scene_id: other.sceneId }], "404 not_found"],
  ["own scene, moved after another's", ({ me, other }) =>
    [`POST /story/projects/${me.projectId}/scenes/${me.sceneId}/move`, { after_scene_id: other.sceneId }],
    "404 not_found"],
  ["a user id in the profile that nobody has", () => ["POST /users", { user_id: randomUUID() }], "403 forbidden"],
];

interface Migration {
  temp_user_id: string;
  permanent_user_id: string;
  guest_token: string;
}

interface Migrating {
  /** The caller, and the owner of the verified guest. */
  me: Person;
  mine: Person;
  /** Others. */
  guest: Person;
  user: Person;
}

// The fault of a request that otherwise moves `mine` to `me`.
const MIGRATIONS: [title: string, change: (scene: Migrating) => Partial<Migration>][] = [
  ["another guest's id", ({ guest }) => ({ temp_user_id: guest.id })],
  ["another guest's token", ({ guest }) => ({ guest_token: guest.token })],
  ["another account's id", ({ user }) => ({ permanent_user_id: user.id })],
  ["another account as the guest", ({ user }) => ({ temp_user_id: user.id })],
  ["another account as the guest, by its token", ({ user }) => ({ temp_user_id: user.id, guest_token: user.token })],
  ["the account as its own guest", ({ me }) => ({ temp_user_id: me.id, guest_token: me.token })],
  ["the guest as the account", ({ mine }) => ({ permanent_user_id: mine.id })],
  ["a guest that nobody is", () => ({ temp_user_id: randomUUID() })],
  ["an account that nobody has", () => ({ permanent_user_id: randomUUID() })],
  ["a token that nobody has", () => ({ guest_token: `fg_${randomBytes(32).toString("base64url")}` })],
  ["a token that is none", () => ({ guest_token: "garbage" })],
];

onEachRuntime("ids that are named", (stack) => {
  let guest: Person;
  let otherGuest: Person;
  let user: Person;
  let otherUser: Person;
  let people: Person[];
  const secondSessions = new Map<Person, string>();

  before(async () => {
    stack().backend.model.tell(NOBODYS_PROMPT, ["Nobody that I know."]);
    stack().backend.model.tell(TEXT, ["Yours alone."]);
    const newToken = () => hs256(userClaims(randomUUID()), stack().backend.keys.jwtSecret);
    guest = await settle(stack(), "a guest");
    otherGuest = await settle(stack(), "another guest");
    user = await settle(stack(), "a user", newToken());
    otherUser = await settle(stack(), "another user", newToken());
    people = [guest, otherGuest, user, otherUser];
    for (const me of [guest, user]) {
      const turn = await talk(stack(), { text: me.prompt }, { token: me.token });
      secondSessions.set(me, idsOf(turn, me.marks).sessionId);
    }
    await rest(stack());
  });

  async function send(me: Person | undefined, [route, body, headers]: Asked) {
    const [method = "", path = ""] = route.split(" ");
    const response = await fetch(`${stack().url}/functions/v1${path}`, {
      method,
      headers: {
        ...(me && { authorization: `Bearer ${me.token}` }),
        ...(body && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const told = JSON.stringify([...response.headers]) + text;
    assert.deepEqual(tracesOfOthers(told, people, me), [], route);
    return { response, text };
  }

  async function refused(me: Person | undefined, asked: Asked, expected: string): Promise<void> {
    const { response, text } = await send(me, asked);
    assert.equal(response.headers.get("content-type"), "application/problem+json", text);
    assert.equal(`${response.status} ${(JSON.parse(text) as Row)["code"]}`, expected, text);
  }

  /** Does something that must change nothing, and ask no model. */
  async function unchanged(work: () => Promise<void>): Promise<void> {
    const { backend } = stack();
    const stored = await backend.everything();
    const modelRequests = backend.model.count;
    await work();
    assert.deepEqual(await backend.everything(), stored);
    assert.equal(backend.model.count, modelRequests);
  }

  const pairs = (): [me: Person, other: Person][] => [
    [guest, otherGuest],
    [guest, user],
    [user, otherUser],
    [user, guest],
  ];

  for (const [title, ask, expected] of OF_OTHERS) {
    test(`${title}: ${expected}`, () =>
      unchanged(async () => {
        for (const [me, other] of pairs()) await refused(me, ask({ me, other }), expected);
        await refused(undefined, ask({ other: user }), expected);
      }));
  }

  for (const [title, ask, expected] of BESIDE_OWN) {
    test(`${title}: ${expected}`, () =>
      unchanged(async () => {
        for (const [me, other] of pairs()) {
          await refused(me, ask({ me, other, mySecondSession: secondSessions.get(me)! }), expected);
        }
      }));
  }

  for (const [title, change] of MIGRATIONS) {
    test(`moving a guest, ${title}: 403 forbidden`, async () => {
      const me = user;
      const { events, guestToken } = await talk(stack(), { text: NOBODYS_PROMPT });
      const mine = { ...guest, token: guestToken, id: events.metadata["user_id"] as string };
      const right = { temp_user_id: mine.id, permanent_user_id: me.id, guest_token: mine.token };
      const body = { ...right, ...change({ me, mine, guest, user: otherUser }) };
      await unchanged(() => refused(me, ["POST /sessions/migrate", body], "403 forbidden"));
      const { response } = await send(me, ["POST /sessions/migrate", right]);
      assert.equal(response.status, 200, "nothing else was wrong");
    });
  }

  test("another's project has no sessions to list", () =>
    unchanged(async () => {
      for (const [me, other] of pairs()) {
        const { response, text } = await send(me, [`GET /sessions?project_id=${other.projectId}`]);
        assert.deepEqual([text, response.headers.get("x-total-count")], ["[]", "0"]);
      }
    }));

  test("another's idempotency key is a key like any other", async () => {
    for (const [me, other] of pairs()) {
      const headers = { "idempotency-key": randomUUID() };
      idsOf(await talk(stack(), { text: TEXT }, { token: other.token, headers }), other.marks);
      const { response, text } = await send(me, ["POST /chat", { text: TEXT }, headers]);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("idempotent-replayed"), null);
      assert.match(text, /Yours alone\./);
    }
  });
  // All tables are read a hundred times.
}, {
  settings: (_origin, modelOrigin) => ({
    MODEL_IMAGE: "openai:scripted",
    OPENAI_BASE_URL: `${modelOrigin}/v1`,
    OPENAI_API_KEY: "sk-scripted",
  }),
  onPostgres: !isLongRing,
});
