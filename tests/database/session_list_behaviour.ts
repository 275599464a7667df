// Listing, naming and deleting sessions, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { SEED } from "../chance.ts";
import { ask, assertChecked, assertHidden, assertPage } from "./lists.ts";
import { randomNumbers } from "../random_numbers.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, messagesOf, newUser, only, refusal, say } from "./turns.ts";

const ABOUT_ONE = ["read_session", "list_messages", "update_session", "delete_session"];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

export function describeSessionLists(target: () => Target): void {
  test("a session is read as it is listed", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "🦊".repeat(250), { title: "Foxes" });
    const { session_id, project_id, message_id } = turn;
    await ask(target(), user, "update_session", { session_id, body: { title: "Crows" } });
    const read = await ask(target(), user, "read_session", { session_id });
    const { created_at, updated_at, last_message_at, ...members } = read["body"];
    assert.deepEqual(members, {
      session_id,
      user_id: user["subject"],
      project_id,
      project_title: "Foxes",
      kind: "chat",
      title: "Crows",
      external_id: null,
      is_active: true,
      message_count: 2,
      last_message_preview: "🦊".repeat(200),
      active_leaf_id: message_id,
      running: null,
      instructions: null,
      model: null,
      temperature: null,
      max_tokens: null,
    });
    for (const time of [created_at, updated_at, last_message_at]) assert.match(time, TIME);
    assert.ok(created_at < last_message_at && last_message_at < updated_at);
    assert.match(read["etag"], /^[0-9a-z]+$/);
    const list = await ask(target(), user, "list_sessions");
    assert.deepEqual(list, { body: [read["body"]], total: 1, content_range: "0-0/1" });
  });

  test("count and preview are of the path that is shown, while a reply is written too", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const { session_id } = first;
    await say(target(), user, "Two?", "Two.", { session_id });
    const shown = async () => {
      const { body } = await ask(target(), user, "read_session", { session_id });
      return [body["message_count"], body["last_message_preview"]];
    };
    assert.deepEqual(await shown(), [4, "Two."]);
    await target().update("sessions", { session_id }, { active_leaf_id: first["message_id"] });
    assert.deepEqual(await shown(), [2, "One."]);
    const running = await begin(target(), user, { session_id, text: "Three?" });
    assert.deepEqual(await shown(), [3, "Three?"]);
    await finish(target(), running, { text: "Three." });
    assert.deepEqual(await shown(), [4, "Three."]);
  });

  test(`any page is that part of the whole list, whatever happens in between (SEED=${SEED})`, async () => {
    const random = randomNumbers(SEED);
    const user = newUser();
    await say(target(), newUser(), "Other?", "Other.");
    const sessions: Row[] = [];
    const kinds = ["chat", "relay", "companion"];
    for (let step = 0; step < 150; step += 1) {
      const act = sessions.length < 8 ? 0 : random(8);
      const place = random(Math.max(sessions.length, 1));
      if (act === 0) {
        const kind = kinds[random(3)]!;
        const project_id = random(2) === 0 ? null : (sessions[place]?.["project_id"] ?? null);
        sessions.unshift({ ...(await say(target(), user, "?", "!", { kind, project_id })), kind });
      } else if (act === 1) {
        // The newest comes first.
        const [session] = sessions.splice(place, 1);
        const { session_id, kind } = session!;
        await say(target(), user, "More?", "More!", { session_id, kind });
        sessions.unshift(session!);
      } else if (act === 2) {
        const [{ session_id }] = sessions.splice(place, 1) as [Row];
        await ask(target(), user, "delete_session", { session_id });
      } else {
        const { project_id, kind } = sessions[place]!;
        // Conversations with companions belong to no project, and then nothing is asked of it.
        const of = project_id === null ? {} : { project_id };
        const filter: Row = [{}, of, { kind }, { ...of, kind }][random(4)]!;
        const ids = sessions
          .filter((row) => Object.entries(filter).every(([key, value]) => row[key] === value))
          .map((row) => row["session_id"]);
        const [limit, offset] = [1 + random(5), random(ids.length + 2)];
        const query = { ...filter, limit, offset };
        const page = await ask(target(), user, "list_sessions", { query });
        assertPage(page, "session_id", ids, offset, limit);
      }
    }
  });

  test("sessions of one moment keep one order over all pages", async () => {
    const user = newUser();
    const ids: string[] = [];
    for (let index = 0; index < 25; index += 1) {
      ids.push((await begin(target(), user))["session_id"]);
    }
    const last_message_at = new Date().toISOString();
    await target().update("sessions", { owner_id: user["subject"] }, { last_message_at });
    ids.sort();
    for (let offset = 0; offset < 25; offset += 4) {
      const page = await ask(target(), user, "list_sessions", { query: { limit: 4, offset } });
      assertPage(page, "session_id", ids, offset, 4);
    }
    assertPage(await ask(target(), user, "list_sessions"), "session_id", ids, 0, 20);
    const all = await ask(target(), user, "list_sessions", { query: { limit: 1000, offset: -1 } });
    assertPage(all, "session_id", ids, 0, 100);
  });

  test("a session is renamed by who has seen its newest version", async () => {
    const user = newUser();
    const { session_id } = await say(target(), user, "Hello?", "Hello.", { title: "One" });
    const rename = (title: unknown, if_match: string | null = null) =>
      ask(target(), user, "update_session", { session_id, if_match, body: { title } });
    const { etag } = await ask(target(), user, "read_session", { session_id });
    const renamed = await rename(" Two ", etag);
    assert.equal(renamed["body"]["title"], "Two");
    assert.deepEqual(await ask(target(), user, "read_session", { session_id }), renamed);
    await assert.rejects(rename("Three", etag), refusal(412, "precondition_failed"));
    await assert.rejects(
      ask(target(), user, "delete_session", { session_id, if_match: etag }),
      refusal(412, "precondition_failed"),
    );
    for (const title of ["", "  ", null, "é".repeat(201)]) {
      await assert.rejects(rename(title), refusal(422, "invalid_request"), `${title}`);
    }
    await rename("é".repeat(200), `"${renamed["etag"]}"`);
    const turn = await begin(target(), user, { session_id });
    assert.equal(turn["title"], "é".repeat(200));
  });

  test("a deleted session is found by nobody, and its messages stay", async () => {
    const user = newUser();
    const kept = await say(target(), user, "Hello?", "Hello.");
    const { session_id } = await say(target(), user, "Bye?", "Bye.");
    const running = await begin(target(), user, { session_id });
    const answer = await ask(target(), user, "delete_session", { session_id });
    assert.deepEqual(Object.keys(answer["body"]), ["message"]);
    for (const name of ABOUT_ONE) {
      await assert.rejects(
        ask(target(), user, name, { session_id, body: { title: "x" } }),
        refusal(404, "not_found"),
        name,
      );
    }
    const told = await append(target(), running, 0, "There ");
    assert.equal(told["cancel_requested"], true, "what nobody reads is not written on");
    await finish(target(), running, { status: "stopped", from_offset: 6, text: "was." });
    assert.equal((await messagesOf(target(), { session_id })).length, 4);
    const list = await ask(target(), user, "list_sessions");
    assertPage(list, "session_id", [kept["session_id"]], 0, 20);
  });

  test("all sessions are deleted at once, and nobody else's", async () => {
    const user = newUser();
    const other = await say(target(), newUser(), "Hello?", "Hello.");
    const first = await say(target(), user, "One?", "One.");
    const second = await begin(target(), user, { project_id: first["project_id"], kind: "relay" });
    await ask(target(), user, "delete_session", { session_id: first["session_id"] });
    await say(target(), user, "Three?", "Three.");
    const answer = await ask(target(), user, "delete_sessions");
    assert.equal(answer["body"]["deleted"], 2);
    assert.equal(typeof answer["body"]["message"], "string");
    assert.equal((await append(target(), second, 0, "x"))["cancel_requested"], true);
    assert.equal((await ask(target(), user, "list_sessions"))["total"], 0);
    assert.equal((await ask(target(), user, "delete_sessions"))["body"]["deleted"], 0);
    const session = await only(target(), "sessions", { session_id: other["session_id"] });
    assert.equal(session["is_active"], true);
    const [project] = (await ask(target(), user, "list_projects", { query: { limit: 1 } }))["body"];
    assert.equal(project["session_count"], 0, "projects stay");
  });

  test("a session of another is not there", async () => {
    const { session_id } = await say(target(), newUser(), "Mine?", "Mine.", { title: "Mine" });
    const body = { title: "Theirs" };
    const unknown = { session_id: randomUUID(), body };
    await assertHidden(target(), ABOUT_ONE, { session_id, body }, unknown);
    await assertChecked(target(), ABOUT_ONE, "session_id");
    const session = await only(target(), "sessions", { session_id });
    assert.deepEqual([session["title"], session["is_active"]], ["Mine", true]);
  });

  test("a filter by what is another's finds nothing", async () => {
    const { project_id } = await say(target(), newUser(), "Mine?", "Mine.");
    const list = (query: Row) => ask(target(), newUser(), "list_sessions", { query });
    assert.deepEqual((await list({ project_id }))["body"], []);
    assert.deepEqual((await list({ project_id: randomUUID() }))["body"], []);
    await assert.rejects(list({ project_id: "1' or true" }), refusal(400, "invalid_id"));
  });
}
