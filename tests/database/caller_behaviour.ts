// The callers for whom begin_turn works, in either database.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Target } from "./target.ts";
import { begin, knownGuest, newTokenHash, newUser, only, refusal, say } from "./turns.ts";

const DAY_MS = 24 * 3600 * 1000;

export function describeCallers(target: () => Target): void {
  test("a user is stored at the first turn, under the id of the token", async () => {
    const user = newUser();
    const turn = await begin(target(), user);
    assert.equal(turn["user_id"], user["subject"]);
    await say(target(), user, "Again.", "Yes.");
    const principal = await only(target(), "principals", { id: user["subject"] });
    assert.deepEqual(
      [principal["kind"], principal["issuer"], principal["subject"]],
      ["user", user["issuer"], user["subject"]],
    );
  });

  test("a user stays the same when the address of the issuer changes", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Hello.", "Hello.");
    const later = await begin(
      target(),
      { ...user, issuer: "http://127.0.0.1:9/auth/v1" },
      {
        session_id: turn["session_id"],
      },
    );
    assert.equal(later["user_id"], turn["user_id"]);
  });

  test("a user of another issuer gets an id of our own, always the same", async () => {
    const external = {
      kind: "external",
      issuer: "https://clerk.test",
      subject: `user_${randomUUID()}`,
    };
    const first = await say(target(), external, "Hello.", "Hello.");
    const second = await begin(target(), external, { session_id: first["session_id"] });
    assert.equal(second["user_id"], first["user_id"]);
    assert.equal(second["history"].length, 2);
  });

  test("a new guest is known by the token's hash from then on", async () => {
    const token_hash = newTokenHash();
    const first = await say(target(), { kind: "new_guest", token_hash }, "Hello.", "Hello.");
    const second = await begin(
      target(),
      { kind: "guest", token_hash },
      { session_id: first["session_id"] },
    );
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
    await target().update(
      "principals",
      { guest_token_hash: guest["token_hash"] },
      { expires_at: past },
    );
    await assert.rejects(begin(target(), guest), refusal(401, "invalid_token"));
  });

  test("a caller may name itself and nobody else", async () => {
    const guest = await knownGuest(target());
    const own = await begin(target(), guest, { session_id: null });
    await begin(target(), guest, { claimed_user_id: own["user_id"] });
    for (const principal of [guest, newUser(), { kind: "new_guest", token_hash: newTokenHash() }]) {
      await assert.rejects(
        begin(target(), principal, { claimed_user_id: randomUUID() }),
        refusal(403, "forbidden"),
      );
    }
  });

  test("an unknown kind of caller is refused", async () => {
    await assert.rejects(begin(target(), { kind: "root" }), refusal(422, "invalid_request"));
    await assert.rejects(begin(target(), {} as never), refusal(422, "invalid_request"));
  });
}
