// Bots: their owners and who sees which parts of them, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { BOT, KEY, newBot, relay } from "./bots.ts";
import { ask, assertPage } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { begin, newUser, refusal, type Principal } from "./turns.ts";

export function describeBots(target: () => Target): void {
  const list = (principal: Principal, query: Row = {}) =>
    ask(target(), principal, "list_bots", { query });
  const read = (principal: Principal, bot_id: unknown) =>
    ask(target(), principal, "read_bot", { bot_id });
  const update = (principal: Principal, bot_id: unknown, body: Row, changes: Row = {}) =>
    ask(target(), principal, "update_bot", { bot_id, body, ...changes });
  const remove = (principal: Principal, bot_id: unknown, changes: Row = {}) =>
    ask(target(), principal, "delete_bot", { bot_id, ...changes });

  test("a bot is created with all it has, and answers all but its key", async () => {
    const user = newUser();
    const reserved = (await ask(target(), user, "reserve_bot_id"))["bot_id"];
    const answer = await ask(target(), user, "save_bot", { bot_id: reserved, body: BOT, encrypted_key: KEY });
    assert.equal(answer["status"], 201);
    assert.match(answer["etag"], /^\d+$/);
    const { bot_id, created_at, updated_at, ...rest } = answer["body"];
    assert.deepEqual(rest, {
      user_id: user["subject"],
      ...BOT,
      has_access_key: true,
      host: new URL(BOT.access_path).host,
      is_public: false,
    });
    assert.ok(Number.isSafeInteger(bot_id) && bot_id > 0);
    assert.equal(bot_id, reserved);
    assert.ok((await newBot(target(), user))["bot_id"] > bot_id);
    assert.match(created_at, /Z$/);
    assert.equal(updated_at, created_at);
    assert.deepEqual((await read(user, bot_id))["body"], answer["body"]);
    assert.deepEqual((await read(user, `${bot_id}`))["body"], answer["body"]);
    for (const each of [answer, await read(user, bot_id), await list(user)]) {
      assert.ok(!JSON.stringify(each).includes(KEY.ciphertext));
    }
  });

  test("a bot needs nothing but a model", async () => {
    const user = newUser();
    const { body } = await ask(target(), user, "save_bot", { body: { model: "m".repeat(256) } });
    const { bot_id, user_id, created_at, updated_at, ...rest } = body;
    assert.deepEqual(rest, {
      name: "m".repeat(200),
      provider: null,
      model: "m".repeat(256),
      system: null,
      access_path: null,
      has_access_key: false,
      host: null,
      is_public: false,
    });
  });

  test("where public bots are hidden, everybody has only their own", async () => {
    const owner = newUser();
    const stranger = newUser();
    const { bot_id } = await newBot(target(), owner, { is_public: true });
    const hidden = (principal: Principal) => ({ principal, hides_public_bots: true });
    const listed = async (principal: Principal) => {
      const { body } = await target().call("list_bots", { ...hidden(principal), query: { limit: 100 } });
      return body.map((bot: Row) => bot["bot_id"]);
    };
    assert.deepEqual([await listed(owner), await listed(stranger)], [[bot_id], []]);
    assert.equal((await target().call("read_bot", { ...hidden(owner), bot_id }))["body"]["bot_id"], bot_id);
    await assert.rejects(target().call("read_bot", { ...hidden(stranger), bot_id }), refusal(404, "not_found"));
    const about = { ...relay, bot_id, hides_public_bots: true };
    assert.equal((await begin(target(), owner, about))["bot"]["bot_id"], bot_id);
    await assert.rejects(begin(target(), stranger, about), refusal(404, "not_found"));
    assert.equal((await begin(target(), stranger, { ...about, hides_public_bots: false }))["bot"]["bot_id"], bot_id);
    const messages = new Set<string>();
    for (const wanted of [bot_id, 9_000_000_000_000]) {
      for (const name of ["update_bot", "delete_bot"]) {
        const asking = target().call(name, { ...hidden(stranger), bot_id: wanted, body: { name: "Mine" } });
        await assert.rejects(asking, (error: Error) => {
          messages.add(error.message);
          return refusal(404, "not_found")(error);
        });
      }
    }
    assert.equal(messages.size, 1, "like an unknown one");
    await target().call("update_bot", { ...hidden(owner), bot_id, body: { name: "Malepartus" } });
    await target().call("delete_bot", { ...hidden(owner), bot_id });
  });

  test("of a public bot others see what and on which host it is, and not what it is told", async () => {
    const owner = newUser();
    const stranger = newUser();
    const { bot_id, ...own } = await newBot(target(), owner, { is_public: true });
    const { body } = await read(stranger, bot_id);
    assert.deepEqual(body, {
      ...own,
      bot_id,
      system: null,
      access_path: null,
      has_access_key: null,
    });
    const listed = (await list(stranger, { limit: 100 }))["body"];
    assert.deepEqual(
      listed.find((bot: Row) => bot["bot_id"] === bot_id),
      body,
    );
    await assert.rejects(update(stranger, bot_id, { name: "Mine" }), refusal(403, "forbidden"));
    await assert.rejects(remove(stranger, bot_id), refusal(403, "forbidden"));
    await update(owner, bot_id, { is_public: false });
    for (const gone of [() => read(stranger, bot_id), () => update(stranger, bot_id, { name: "Mine" }), () => remove(stranger, bot_id)]) {
      await assert.rejects(gone(), refusal(404, "not_found"));
    }
  });

  test("another's bot and an unknown one are refused alike", async () => {
    const { bot_id } = await newBot(target(), newUser());
    const stranger = newUser();
    for (const name of ["read_bot", "update_bot", "delete_bot"]) {
      const messages: string[] = [];
      for (const wanted of [bot_id, 9_000_000_000_000, "9223372036854775807", null]) {
        const asking = ask(target(), stranger, name, { bot_id: wanted, body: {} });
        await assert.rejects(asking, (error: Error) => {
          messages.push(error.message);
          return refusal(404, "not_found")(error);
        });
      }
      assert.equal(new Set(messages).size, 1);
      for (const wanted of [0, -1, 1.5, "1' or true", "01", "", true, {}, "9223372036854775808"]) {
        await assert.rejects(
          ask(target(), stranger, name, { bot_id: wanted, body: {} }),
          refusal(400, "invalid_id"),
        );
      }
    }
  });

  test("a bot changes in what is sent; null removes what need not be there", async () => {
    const user = newUser();
    const bot = await newBot(target(), user);
    const { body } = await update(user, bot["bot_id"], { name: " Malepartus ", is_public: true });
    const { updated_at, ...changed } = body;
    assert.deepEqual({ ...bot, updated_at, name: "Malepartus", is_public: true }, body);
    assert.ok(updated_at > bot["updated_at"]);
    const cleared = await update(user, bot["bot_id"], {
      provider: null,
      system: null,
      access_path: null,
      access_key: null,
    });
    assert.deepEqual(cleared["body"], {
      ...changed,
      updated_at: cleared["body"].updated_at,
      provider: null,
      system: null,
      access_path: null,
      host: null,
      has_access_key: false,
    });
    const keyed = await update(user, bot["bot_id"], {}, { encrypted_key: KEY });
    assert.equal(keyed["body"].has_access_key, true);
  });

  test("a change of a version that is no more is refused", async () => {
    const user = newUser();
    const { etag, body } = await ask(target(), user, "save_bot", { body: BOT });
    const { bot_id } = body;
    const next = await update(user, bot_id, {}, { encrypted_key: KEY, if_match: etag });
    assert.notEqual(next["etag"], etag, "a new key is a change");
    for (const stale of [
      () => update(user, bot_id, { name: "No" }, { if_match: etag }),
      () => remove(user, bot_id, { if_match: etag }),
    ]) {
      await assert.rejects(stale(), refusal(412, "precondition_failed"));
    }
    await remove(user, bot_id, { if_match: next["etag"] });
    await assert.rejects(read(user, bot_id), refusal(404, "not_found"));
    assert.deepEqual(await target().select("bots", { bot_id }), []);
  });

  test("what could not be stored is refused, and its value is not told", async () => {
    const user = newUser();
    const { bot_id } = await newBot(target(), user);
    const wrong: Row[] = [
      { name: "" },
      { name: null },
      { name: "n".repeat(201) },
      { model: " " },
      { model: null },
      { model: "m".repeat(257) },
      { provider: "" },
      { provider: 7 },
      { provider: "p".repeat(65) },
      { system: "" },
      { system: "é".repeat(50_001) },
      { access_path: "ftp://models.example.org" },
      { access_path: "https://models.example.org/a b" },
      { access_path: `https://${"m".repeat(2048)}` },
      { access_key: "a-plain-secret" },
      { access_key: "" },
      { access_key: KEY },
      { is_public: "yes" },
      { is_public: null },
    ];
    for (const body of wrong) {
      for (const asking of [
        () => ask(target(), user, "save_bot", { body: { model: "a-model", ...body } }),
        () => update(user, bot_id, body),
      ]) {
        await assert.rejects(asking(), (error: Error) => {
          assert.ok(!error.message.includes("secret"));
          return refusal(422, "invalid_request")(error);
        });
      }
    }
    for (const encrypted_key of [
      {},
      "secret",
      { ...KEY, key_id: "secret" },
      { ...KEY, ciphertext: "secret" },
      { ...KEY, ciphertext: "s".repeat(5500) },
      { ...KEY, ciphertext: `${KEY.ciphertext}=` },
    ]) {
      for (const name of ["save_bot", "update_bot"]) {
        const request = name === "save_bot" ? { body: BOT } : { bot_id, body: {} };
        await assert.rejects(ask(target(), user, name, { ...request, encrypted_key }), (error: Error) => {
          assert.ok(!error.message.includes("secret"));
          return refusal(422, "invalid_request")(error);
        });
      }
    }
    await assert.rejects(
      ask(target(), user, "save_bot", { body: { name: "No model" } }),
      refusal(422, "invalid_request"),
    );
    await update(user, bot_id, { system: "🦊".repeat(50_000) });
    assert.equal((await target().select("bots", { owner_id: user["subject"] })).length, 1);
  });

  test("lists have the own bots and the public ones, newest first, page by page", async () => {
    const [user, other] = [newUser(), newUser()];
    const bots: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const is_public = index % 3 === 0;
      const bot = await newBot(target(), index % 2 === 0 ? user : other, { is_public });
      if (index % 2 === 0 || is_public) bots.unshift(bot["bot_id"]);
    }
    assert.equal(bots.length, 5);
    const before = (await list(newUser(), { limit: 100 }))["body"];
    const earlier = before.map((bot: Row) => bot["bot_id"]).filter((id: string) => id < bots[4]!);
    const all = [...bots, ...earlier];
    for (const [offset, limit] of [
      [0, 100],
      [0, 2],
      [1, 3],
      [4, 2],
      [1000, 5],
    ] as const) {
      assertPage(await list(user, { limit, offset }), "bot_id", all, offset, limit);
    }
  });

  test("a guest's bots go to the account, with their keys", async () => {
    const [account, guest] = [await personOf(target(), newUser()), await guestOf(target())];
    const bot = await newBot(target(), guest.principal);
    await migrate(target(), account, guest);
    const { body } = await read(account.principal, bot["bot_id"]);
    assert.deepEqual(body, { ...bot, user_id: account.id }, "which is no change of what it is");
    await assert.rejects(
      ask(target(), guest.principal, "save_bot", { body: BOT }),
      refusal(401, "invalid_token"),
    );
  });

  test("bots go with their owner's account", async () => {
    const user = newUser();
    const { bot_id } = await newBot(target(), user, { is_public: true });
    await ask(target(), user, "delete_account");
    assert.deepEqual(await target().select("bots", { bot_id }), []);
    await assert.rejects(read(newUser(), bot_id), refusal(404, "not_found"));
  });
}
