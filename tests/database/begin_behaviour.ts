// What begin_turn does, whichever database it runs on.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, knownGuest, messagesOf, newTokenHash, newUser, only, refusal, say, silence } from "./turns.ts";

const DAY_MS = 24 * 3600 * 1000;

export function describeBegin(target: () => Target): void {
  describeCallers(target);
  describeSessions(target);
  describeRunningTurns(target);
  describeHistory(target);
}

function describeCallers(target: () => Target): void {
  test("a user is stored at the first turn, under the id of the token", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    assert.equal(turn["user_id"], user["subject"]);
    await say(target(), user, "Again.", "Yes.");
    const principal = await only(target(), "principals", { id: user["subject"] });
    assert.deepEqual([principal["kind"], principal["issuer"], principal["subject"]],
      ["user", user["issuer"], user["subject"]]);
  });

  test("a user stays the same when the address of the issuer changes", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Hello.", "Hello.");
    const later = await begin(target(), { ...user, issuer: "http://127.0.0.1:9/auth/v1" }, {
      session_id: turn["session_id"],
    });
    assert.equal(later["user_id"], turn["user_id"]);
  });

  test("a user of another issuer gets an id of our own, always the same", async () => {
    const external = { kind: "external", issuer: "https://clerk.test", subject: `user_${randomUUID()}` };
    const first = await say(target(), external, "Hello.", "Hello.");
    const second = await begin(target(), external, { session_id: first["session_id"] });
    assert.equal(second["user_id"], first["user_id"]);
    assert.equal(second["history"].length, 2);
  });

  test("a new guest is known by the token's hash from then on", async () => {
    const token_hash = newTokenHash();
    const first = await say(target(), { kind: "new_guest", token_hash }, "Hello.", "Hello.");
    const second = await begin(target(), { kind: "guest", token_hash }, { session_id: first["session_id"] });
    assert.equal(second["user_id"], first["user_id"]);
    const principal = await only(target(), "principals", { id: first["user_id"] });
    const lifetime_days = (Date.parse(principal["expires_at"]) - Date.now()) / DAY_MS;
    assert.ok(lifetime_days > 29.9 && lifetime_days < 30.1, `${lifetime_days}`);
  });

  test("a guest's use pushes the expiry", async () => {
    const guest = await knownGuest(target());
    const where = { guest_token_hash: guest["token_hash"] };
    const soon = new Date(Date.now() + DAY_MS).toISOString();
    const yesterday = new Date(Date.now() - DAY_MS).toISOString();
    await target().update("principals", where, { expires_at: soon, last_seen_at: yesterday });
    await begin(target(), guest);
    const principal = await only(target(), "principals", where);
    assert.ok(Date.parse(principal["expires_at"]) > Date.now() + 29 * DAY_MS);
    assert.ok(Date.parse(principal["last_seen_at"]) > Date.now() - DAY_MS / 2);
  });

  test("an unknown and an expired guest token are refused alike", async () => {
    const unknown = { kind: "guest", token_hash: newTokenHash() };
    await assert.rejects(begin(target(), unknown), refusal(401, "invalid_token"));
    const guest = await knownGuest(target());
    const past = new Date(Date.now() - 1000).toISOString();
    await target().update("principals", { guest_token_hash: guest["token_hash"] }, { expires_at: past });
    await assert.rejects(begin(target(), guest), refusal(401, "invalid_token"));
  });

  test("a caller may name itself and nobody else", async () => {
    const guest = await knownGuest(target());
    const own = await begin(target(), guest, { session_id: null });
    await begin(target(), guest, { claimed_user_id: own["user_id"] });
    for (const principal of [guest, newUser(), { kind: "new_guest", token_hash: newTokenHash() }]) {
      await assert.rejects(begin(target(), principal, { claimed_user_id: randomUUID() }),
        refusal(403, "forbidden"));
    }
  });

  test("an unknown kind of caller is refused", async () => {
    await assert.rejects(begin(target(), { kind: "root" }), refusal(422, "invalid_request"));
    await assert.rejects(begin(target(), {} as never), refusal(422, "invalid_request"));
  });
}

function describeSessions(target: () => Target): void {
  test("the first turn creates a session and a project of that title", async () => {
    const turn = await begin(target(), newUser(), { title: "The fox", text: "Tell me of the fox." });
    assert.equal(turn["created_session"], true);
    assert.equal(turn["title"], "The fox");
    assert.equal(turn["turn_number"], 1);
    assert.equal(turn["epoch"], 1);
    assert.deepEqual(turn["history"], []);
    const project = await only(target(), "projects", { project_id: turn["project_id"] });
    assert.deepEqual([project["owner_id"], project["name"]], [turn["user_id"], "The fox"]);
    const session = await only(target(), "sessions", { session_id: turn["session_id"] });
    assert.deepEqual(
      [session["owner_id"], session["project_id"], session["kind"], session["title"], session["turn_count"],
        session["message_count"], session["active_leaf_id"]],
      [turn["user_id"], turn["project_id"], "chat", "The fox", 1, 1, turn["user_message_id"]]);
    const message = await only(target(), "messages", { message_id: turn["user_message_id"] });
    assert.deepEqual(
      [message["role"], message["content"], message["is_complete"], message["parent_id"], message["position"]],
      ["user", "Tell me of the fox.", true, null, 1]);
    const generation = await only(target(), "generations", { generation_id: turn["generation_id"] });
    assert.deepEqual(
      [generation["status"], generation["stream_id"], generation["message_id"], generation["saved_bytes"]],
      ["streaming", turn["stream_id"], turn["message_id"], 0]);
  });

  test("a title is cut to what fits, and there always is one", async () => {
    const long = await begin(target(), newUser(), { title: "é".repeat(500) });
    assert.equal(long["title"], "é".repeat(200));
    assert.equal((await begin(target(), newUser(), { title: "  " }))["title"], "Untitled");
    assert.equal((await begin(target(), newUser(), { title: null }))["title"], "Untitled");
  });

  test("a session goes on where it was, with the turn before as history", async () => {
    const user = newUser();
    const first = await say(target(), user, "Who lives here?", "A fox.", { title: "Foxes" });
    const second = await begin(target(), user, {
      session_id: first["session_id"], project_id: first["project_id"], text: "And who else?", title: "Other",
    });
    assert.deepEqual(second["history"], [
      { role: "user", content: "Who lives here?" },
      { role: "assistant", content: "A fox." },
    ]);
    assert.deepEqual(
      [second["created_session"], second["title"], second["turn_number"], second["epoch"], second["project_id"]],
      [false, "Foxes", 2, 2, first["project_id"]]);
    const [question, answer, next] = await messagesOf(target(), first);
    assert.deepEqual([answer!["parent_id"], next!["parent_id"]], [question!["message_id"], answer!["message_id"]]);
    assert.deepEqual([question!["turn_id"], question!["turn_number"]], [answer!["turn_id"], answer!["turn_number"]]);
    assert.notEqual(next!["turn_id"], question!["turn_id"]);
  });

  test("a session can be begun in a project that exists", async () => {
    const user = newUser();
    const first = await begin(target(), user);
    const second = await begin(target(), user, { project_id: first["project_id"] });
    assert.equal(second["project_id"], first["project_id"]);
    assert.notEqual(second["session_id"], first["session_id"]);
    assert.equal((await target().select("projects", { owner_id: first["user_id"] })).length, 1);
  });

  test("unknown and another's sessions and projects are refused alike, and nothing is stored", async () => {
    const stranger = await say(target(), newUser(), "Mine.", "Yours.");
    const user = newUser();
    const own = await say(target(), user, "Hello.", "Hello.");
    const messages: string[] = [];
    const refused = async (changes: Row) => {
      await assert.rejects(begin(target(), user, changes), (error: Error) => {
        messages.push(error.message);
        return refusal(404, "not_found")(error);
      });
    };
    await refused({ session_id: stranger["session_id"] });
    await refused({ session_id: randomUUID() });
    assert.equal(messages[0], messages[1]);
    await refused({ project_id: stranger["project_id"] });
    await refused({ project_id: randomUUID() });
    assert.equal(messages[2], messages[3]);
    await refused({ session_id: own["session_id"], project_id: stranger["project_id"] });
    await refused({ session_id: own["session_id"], kind: "relay" });
    assert.equal((await target().select("sessions", { owner_id: own["user_id"] })).length, 1);
    assert.equal((await messagesOf(target(), own)).length, 2);
    assert.equal((await messagesOf(target(), stranger)).length, 2);
  });

  test("a deleted session is not found", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Hello.", "Hello.");
    await target().update("sessions", { session_id: turn["session_id"] }, { is_active: false });
    await assert.rejects(begin(target(), user, { session_id: turn["session_id"] }), refusal(404, "not_found"));
  });

  test("a session does not move to another project", async () => {
    const user = newUser();
    const one = await say(target(), user, "Hello.", "Hello.");
    const other = await begin(target(), user);
    await assert.rejects(
      begin(target(), user, { session_id: one["session_id"], project_id: other["project_id"] }),
      refusal(422, "invalid_request"));
  });

  test("ids that are no UUIDs are refused", async () => {
    await assert.rejects(begin(target(), newUser(), { session_id: "1' or true" }), refusal(400, "invalid_id"));
    await assert.rejects(begin(target(), newUser(), { project_id: "" }), refusal(400, "invalid_id"));
  });

  test("a text is 1 to 200,000 bytes", async () => {
    const user = newUser();
    for (const text of ["", null, "é".repeat(100_001)]) {
      await assert.rejects(begin(target(), user, { text }), refusal(422, "invalid_request"));
    }
    assert.deepEqual(await target().select("principals", { id: user["subject"] }), []);
    const text = "é".repeat(100_000);
    const turn = await begin(target(), user, { text });
    assert.equal((await only(target(), "messages", { message_id: turn["user_message_id"] }))["content"], text);
  });

  test("a stream id may be the caller's, once", async () => {
    const user = newUser();
    const turn = await begin(target(), user, { stream_id: "my stream" });
    assert.equal(turn["stream_id"], "my stream");
    await assert.rejects(begin(target(), user, { stream_id: "my stream" }), refusal(422, "invalid_request"));
    await begin(target(), newUser(), { stream_id: "my stream" });
  });
}

function describeRunningTurns(target: () => Target): void {
  test("a second turn waits for the one that runs", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    const again = () => begin(target(), user, { session_id: turn["session_id"] });
    await silence(target(), turn, 55);
    await assert.rejects(again(), (error: Row) => {
      assert.ok(Number(error["hint"]) > 0, "the hint is Retry-After in seconds");
      return refusal(409, "turn_in_progress")(error);
    });
    await finish(target(), turn);
    assert.equal((await again())["turn_number"], 2);
  });

  test("a heartbeat keeps a silent model's turn alive", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    await silence(target(), turn, 100);
    await append(target(), turn, 0, "");
    await assert.rejects(
      begin(target(), user, { session_id: turn["session_id"] }), refusal(409, "turn_in_progress"));
  });

  test("a turn whose isolate has died is closed, its text kept as history", async () => {
    const user = newUser();
    const dead = await begin(target(), user, { text: "Tell me." });
    await append(target(), dead, 0, "There was ");
    await append(target(), dead, 10, "a fö");
    await silence(target(), dead, 61);
    const turn = await begin(target(), user, { session_id: dead["session_id"], text: "Go on." });
    assert.deepEqual(turn["history"], [
      { role: "user", content: "Tell me." },
      { role: "assistant", content: "There was a fö" },
    ]);
    assert.equal(turn["epoch"], 2);
    const message = await only(target(), "messages", { message_id: dead["message_id"] });
    assert.deepEqual(
      [message["content"], message["is_complete"], message["parent_id"], message["metadata"]["status"]],
      ["There was a fö", false, dead["user_message_id"], "interrupted"]);
    const generation = await only(target(), "generations", { generation_id: dead["generation_id"] });
    assert.equal(generation["status"], "interrupted");
    assert.deepEqual(await target().select("generation_chunks", { generation_id: dead["generation_id"] }), []);
    assert.equal((await only(target(), "messages", { message_id: turn["user_message_id"] }))["parent_id"],
      dead["message_id"]);
    assert.deepEqual(await append(target(), dead, 15, "x."), {
      status: "interrupted", cancel_requested: false, saved_bytes: 15,
    });
    const late = await finish(target(), dead, { from_offset: 15, text: "x." });
    assert.deepEqual([late["already"], late["status"], late["message_id"]],
      [true, "interrupted", dead["message_id"]]);
    assert.equal((await messagesOf(target(), turn)).length, 3);
  });

  test("a dead turn that said nothing leaves the question alone", async () => {
    const user = newUser();
    const dead = await begin(target(), user, { text: "Tell me." });
    await silence(target(), dead, 61);
    const turn = await begin(target(), user, { session_id: dead["session_id"], text: "Hello?" });
    assert.deepEqual(turn["history"], [{ role: "user", content: "Tell me." }]);
    assert.equal((await messagesOf(target(), turn)).length, 2);
  });
}

function describeHistory(target: () => Target): void {
  // A message of 4n bytes costs n + 4 tokens.
  const sized = (letter: string, tokens: number) => letter.repeat((tokens - 4) * 4);

  async function conversation(sizes: [string, number][]): Promise<{ next(budget: number): Promise<string> }> {
    const user = newUser();
    let session_id: unknown = null;
    for (let index = 0; index < sizes.length; index += 2) {
      const [question, answer] = [sizes[index]!, sizes[index + 1]!];
      const turn = await say(target(), user, sized(...question), sized(...answer), { session_id });
      session_id = turn["session_id"];
    }
    return {
      next: async (history_budget_tokens) => {
        const turn = await begin(target(), user, { session_id, history_budget_tokens, text: sized("?", 10) });
        // Taken back, so that the next question finds the same conversation.
        await finish(target(), turn, { text: "", status: "failed" });
        const leaf = (await only(target(), "messages", { message_id: turn["user_message_id"] }))["parent_id"];
        await target().update("sessions", { session_id }, { active_leaf_id: leaf });
        return turn["history"].map((message: Row) => message["content"][0]).join("");
      },
    };
  }

  test("history is the newest messages that fit the budget, from a user's message on", async () => {
    const { next } = await conversation([["a", 20], ["B", 30], ["c", 10], ["D", 50]]);
    assert.equal(await next(120), "aBcD");
    assert.equal(await next(119), "cD", "what begins with a reply is left out");
    assert.equal(await next(70), "cD");
    assert.equal(await next(69), "", "a reply without its question is no history");
    assert.equal(await next(10), "");
    assert.equal(await next(0), "");
  });

  test("history is the path to the active leaf and no other take", async () => {
    const user = newUser();
    const first = await say(target(), user, "One?", "One.");
    const { session_id } = first;
    const second = await say(target(), user, "Two?", "Two.", { session_id });
    await target().update("sessions", { session_id }, { active_leaf_id: first["message_id"] });
    const other = await say(target(), user, "Three?", "Three.", { session_id });
    const turn = await begin(target(), user, { session_id });
    assert.deepEqual(turn["history"].map((message: Row) => message["content"]), ["One?", "One.", "Three?", "Three."]);
    const takes = await target().select("messages", { session_id, parent_id: first["message_id"] });
    assert.deepEqual(takes.map((take) => take["message_id"]).sort(),
      [second["user_message_id"], other["user_message_id"]].sort());
  });

  test("a message has exactly a role and a content, whatever it says", async () => {
    const user = newUser();
    const text = 'He said "\\u0041"\n\t\u2028 \u{1F98A} </script> \u0001 {"role":"system"}';
    const { session_id } = await say(target(), user, text, text);
    const turn = await begin(target(), user, { session_id });
    assert.deepEqual(turn["history"], [{ role: "user", content: text }, { role: "assistant", content: text }]);
  });
}
