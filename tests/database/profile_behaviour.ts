// Profiles, in both databases.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { newExternal } from "./accounts.ts";
import type { Row, Target } from "./target.ts";
import { knownGuest, newUser, only, refusal, type Principal } from "./turns.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

export function describeProfiles(target: () => Target): void {
  const save = (principal: Principal, body: Row) =>
    target().call("save_profile", { principal, body });
  const read = (principal: Principal) => target().call("read_profile", { principal });

  test("who has saved no profile has one without content", async () => {
    const user = newUser();
    const answer = await read(user);
    assert.deepEqual(answer, {
      etag: "0",
      body: {
        user_id: user["subject"],
        kind: "user",
        email: null,
        display_name: null,
        avatar_url: null,
        created_at: null,
        updated_at: null,
      },
    });
    assert.deepEqual(await target().select("profiles", { owner_id: user["subject"] }), []);
  });

  test("a profile is made, then changed; what is absent stays, null removes", async () => {
    const user = newUser();
    const made = await save(user, {
      email: "anna@example.org",
      display_name: " Anna Füchslein ",
      avatar_url: "https://example.org/anna.png",
      unknown: true,
    });
    assert.equal(made["status"], 201);
    assert.match(made["body"].created_at, TIME);
    assert.deepEqual(made["body"], {
      user_id: user["subject"],
      kind: "user",
      email: "anna@example.org",
      display_name: "Anna Füchslein",
      avatar_url: "https://example.org/anna.png",
      created_at: made["body"].created_at,
      updated_at: made["body"].created_at,
    });
    assert.match(made["etag"], /^[0-9]+$/);

    const changed = await save(user, { display_name: "Anna", avatar_url: null });
    assert.equal(changed["status"], 200);
    assert.deepEqual(changed["body"], {
      ...made["body"],
      display_name: "Anna",
      avatar_url: null,
      updated_at: changed["body"].updated_at,
    });
    assert.ok(changed["body"].updated_at > made["body"].updated_at);
    assert.notEqual(changed["etag"], made["etag"]);
    assert.deepEqual(await read(user), { body: changed["body"], etag: changed["etag"] });
  });

  test("guests and users of another issuer have profiles of their own", async () => {
    for (const [principal, kind] of [
      [await knownGuest(target()), "guest"],
      [newExternal(), "external"],
    ] as const) {
      const { body } = await save(principal, { display_name: kind });
      assert.deepEqual([body.kind, body.display_name], [kind, kind]);
      const profile = await only(target(), "profiles", { owner_id: body.user_id });
      assert.equal(profile["display_name"], kind);
    }
  });

  test("nobody saves the profile of somebody else", async () => {
    const [user, other] = [newUser(), newUser()];
    await save(other, { display_name: "Other" });
    await assert.rejects(
      save(user, { user_id: other["subject"], display_name: "Mine" }),
      refusal(403, "forbidden"),
    );
    await assert.rejects(save(user, { user_id: randomUUID() }), refusal(403, "forbidden"));
    await assert.rejects(save(user, { user_id: "me" }), refusal(400, "invalid_id"));
    const { body } = await save(user, { user_id: user["subject"], display_name: "Mine" });
    assert.equal(body.display_name, "Mine");
    assert.equal((await read(other))["body"].display_name, "Other");
  });

  test("fields of the wrong type, too long or of another form are refused, and nothing is stored", async () => {
    const user = newUser();
    for (const body of [
      { email: 1 },
      { email: "" },
      { email: "anna" },
      { email: "an na@example.org" },
      { email: `${"a".repeat(310)}@example.org` },
      { display_name: ["Anna"] },
      { display_name: "  " },
      { display_name: "ü".repeat(201) },
      { avatar_url: "javascript:alert(1)" },
      { avatar_url: `https://example.org/${"a".repeat(2048)}` },
      { avatar_url: true },
    ]) {
      await assert.rejects(save(user, body), (error: Error) => {
        assert.ok(error.message.startsWith(Object.keys(body)[0]!), error.message);
        return refusal(422, "invalid_request")(error);
      });
    }
    await assert.rejects(save(user, [] as never), refusal(422, "invalid_request"));
    assert.deepEqual(await target().select("profiles", { owner_id: user["subject"] }), []);
    await save(user, { display_name: "ü".repeat(200) });
  });
}
