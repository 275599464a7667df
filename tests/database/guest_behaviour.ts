// Guests who become accounts, and guests whose time is over, in both databases.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import {
  countRows,
  daysAgo,
  guestOf,
  migrate,
  newExternal,
  NO_ROWS,
  personOf,
  type Person,
} from "./accounts.ts";
import type { Row, Target } from "./target.ts";
import {
  append,
  begin,
  finish,
  messagesOf,
  newTokenHash,
  newUser,
  only,
  refusal,
  say,
  silence,
} from "./turns.ts";

const ONE_OF_EACH = { projects: 1, sessions: 1, messages: 2, dossiers: 1 };
const NOTHING = { projects: 0, sessions: 0, messages: 0, dossiers: 0 };

export function describeGuests(target: () => Target): void {
  const newAccount = () => personOf(target(), newUser());

  test("everything of a guest goes to the account, which goes on where the guest was", async () => {
    for (const account of [await newAccount(), await personOf(target(), newExternal())]) {
      const guest = await guestOf(target());
      const before = await Promise.all(
        ["projects", "sessions", "messages"].map((table) =>
          target().select(table, { owner_id: guest.id }),
        ),
      );
      const answer = await migrate(target(), account, guest);
      assert.match(answer["message"], /\S\.$/);
      assert.deepEqual(
        [answer["already"], answer["user_id"], answer["migrated"]],
        [false, account.id, ONE_OF_EACH],
      );
      assert.deepEqual(await countRows(target(), guest.id), NO_ROWS);
      assert.deepEqual(await countRows(target(), account.id), {
        ...NO_ROWS,
        projects: 2,
        dossiers: 2,
        sessions: 2,
        messages: 4,
        generations: 2,
        usage: 2,
      });
      const { session_id } = guest.turn;
      const next = await begin(target(), account.principal, { session_id });
      assert.deepEqual(
        next["history"].map((message: Row) => message["content"]),
        ["Once?", "Once."],
      );
      await finish(target(), next);

      // Being given away is no change.
      const [projects, , messages] = before as [Row[], Row[], Row[]];
      for (const { project_id, updated_at } of projects) {
        assert.deepEqual(
          (await only(target(), "projects", { project_id }))["updated_at"],
          updated_at,
        );
      }
      for (const { message_id, updated_at } of messages) {
        assert.deepEqual(
          (await only(target(), "messages", { message_id }))["updated_at"],
          updated_at,
        );
      }
    }
  });

  test("calling again says `already` and changes nothing; the guest's token is refused", async () => {
    const account = await newAccount();
    const guest = await guestOf(target());
    await migrate(target(), account, guest);
    const counts = await countRows(target(), account.id);
    const again = await migrate(target(), account, guest);
    assert.deepEqual([again["already"], again["migrated"]], [true, NOTHING]);
    assert.deepEqual(await countRows(target(), account.id), counts);
    for (const principal of [guest.principal, { ...guest.principal, kind: "new_guest" }]) {
      await assert.rejects(begin(target(), principal), (error: Error) => {
        assert.match(error.message, /sign in/);
        return refusal(401, "invalid_token")(error);
      });
    }
  });

  test("a turn that runs goes on, and its end is the account's", async () => {
    const account = await newAccount();
    const guest = await guestOf(target());
    const running = await begin(target(), guest.principal, {
      session_id: guest.turn["session_id"],
    });
    await append(target(), running, 0, "There was ");
    await migrate(target(), account, guest);
    await append(target(), running, 10, "a ");
    const end = await finish(target(), running, { from_offset: 12, text: "fox." });
    assert.equal(end["already"], false);
    const messages = await messagesOf(target(), running);
    assert.equal(messages.at(-1)!["content"], "There was a fox.");
    assert.deepEqual([...new Set(messages.map((message) => message["owner_id"]))], [account.id]);
    const where = { generation_id: running["generation_id"] };
    assert.equal((await only(target(), "usage", where))["owner_id"], account.id);
  });

  test("both must be proven, and meant", async () => {
    const [account, guest, other] = [
      await newAccount(),
      await guestOf(target()),
      await newAccount(),
    ];
    const body = { temp_user_id: guest.id, permanent_user_id: account.id };
    const refuses = (changes: Row, status: number, code: string) =>
      assert.rejects(migrate(target(), account, guest, changes), refusal(status, code));

    await refuses({ body: { ...body, temp_user_id: other.id } }, 403, "forbidden");
    await refuses({ body: { ...body, permanent_user_id: other.id } }, 403, "forbidden");
    await refuses({ body: { permanent_user_id: account.id } }, 403, "forbidden");
    await refuses({ body: { ...body, temp_user_id: "guest" } }, 400, "invalid_id");
    await refuses({ principal: other.principal }, 403, "forbidden");
    await refuses({ principal: guest.principal }, 403, "forbidden");
    await refuses({ guest: { kind: "guest", token_hash: newTokenHash() } }, 403, "forbidden");
    await refuses({ guest: (await guestOf(target())).principal }, 403, "forbidden");
    await refuses({ guest: { ...guest.principal, kind: "external" } }, 422, "invalid_request");
    await refuses({ guest: null }, 422, "invalid_request");
    assert.equal((await countRows(target(), guest.id))["sessions"], 1);
    assert.equal((await migrate(target(), account, guest))["already"], false);
  });

  test("a guest who has moved does not move to another account", async () => {
    const [account, other] = [await newAccount(), await newAccount()];
    const guest = await guestOf(target());
    await migrate(target(), account, guest);
    await assert.rejects(migrate(target(), other, guest), refusal(403, "forbidden"));
    assert.equal((await countRows(target(), other.id))["sessions"], 1);
  });

  test("an anonymous user of Supabase moves like a guest", async () => {
    const account = await newAccount();
    const anonymous = await personOf(target(), newUser());
    assert.deepEqual((await migrate(target(), account, anonymous))["migrated"], ONE_OF_EACH);
    await assert.rejects(begin(target(), anonymous.principal), refusal(401, "invalid_token"));

    const idle = newUser();
    const nobody: Person = { principal: idle, id: idle["subject"], turn: {} };
    const answer = await migrate(target(), account, nobody);
    assert.deepEqual([answer["already"], answer["migrated"]], [false, NOTHING]);
    assert.equal((await migrate(target(), account, nobody))["already"], true);
    assert.equal(
      (await migrate(target(), account, account))["already"],
      true,
      "an anonymous user who has become permanent keeps the id",
    );
  });

  test("names that both have used are changed on the guest's side", async () => {
    const name = `tale-${randomUUID()}`;
    const long = "x".repeat(128);
    const account = await personOf(target(), newUser(), { stream_id: name });
    const guest = await guestOf(target(), { stream_id: name });
    for (const [person, title] of [
      [account, "Theirs"],
      [guest, "Ours"],
    ] as const) {
      await say(target(), person.principal, "Long?", "Long.", { stream_id: long });
      const { session_id, generation_id } = person.turn;
      await target().update("sessions", { session_id }, { external_id: name, title });
      await target().update(
        "generations",
        { generation_id },
        { idempotency_key: name, request_hash: "0".repeat(64) },
      );
    }
    await migrate(target(), account, guest);

    const generations = await target().select("generations", { owner_id: account.id });
    assert.equal(generations.length, 4);
    for (const column of ["stream_id", "idempotency_key"]) {
      const kept = generations.find(({ message_id }) => message_id === account.turn["message_id"])!;
      const renamed = generations.find(
        ({ message_id }) => message_id === guest.turn["message_id"],
      )!;
      assert.equal(kept[column], name);
      assert.match(renamed[column], new RegExp(`^${name}-[0-9a-f-]{36}$`));
    }
    const longest = generations.map(({ stream_id }) => stream_id).filter((id) => id[0] === "x");
    assert.deepEqual(
      longest.map((id) => id.length),
      [128, 128],
    );
    assert.equal(new Set(longest).size, 2);
    const renamed = await only(target(), "generations", {
      generation_id: guest.turn["generation_id"],
    });
    const message = await only(target(), "messages", { message_id: guest.turn["message_id"] });
    assert.equal(message["metadata"].stream_id, renamed["stream_id"]);
    const sessions = await target().select("sessions", { owner_id: account.id });
    const names = Object.fromEntries(
      sessions.map(({ title, external_id }) => [title, external_id]),
    );
    assert.equal(names["Theirs"], name);
    assert.match(names["Ours"], new RegExp(`^${name}-[0-9a-f-]{36}$`));
  });

  test("an account without a profile gets the guest's, another one keeps its own", async () => {
    const save = ({ principal }: Person, display_name: string) =>
      target().call("save_profile", { principal, body: { display_name } });
    for (const own of [undefined, "Anna"]) {
      const [account, guest] = [await newAccount(), await guestOf(target())];
      await save(guest, "Guest");
      if (own) await save(account, own);
      await migrate(target(), account, guest);
      const profile = await only(target(), "profiles", { owner_id: account.id });
      assert.equal(profile["display_name"], own ?? "Guest");
      assert.deepEqual(await target().select("profiles", { owner_id: guest.id }), []);
    }
  });

  test("expired guests are deleted, so many in a call, and nobody else", async () => {
    const [account, guest] = [await newAccount(), await guestOf(target())];
    const moved = await guestOf(target());
    await migrate(target(), account, moved);
    const old = await Promise.all([1, 2, 3].map(() => guestOf(target())));
    for (const { id } of [...old, moved]) {
      await target().update("principals", { id }, { expires_at: daysAgo(1) });
    }
    const answers: Row[] = [];
    for (let call = 0; call < 3; call += 1) {
      answers.push(await target().call("delete_expired_guests", { limit: 3 }));
    }
    assert.deepEqual(answers, [{ deleted: 3 }, { deleted: 1 }, { deleted: 0 }]);
    for (const { id } of [...old, moved]) {
      assert.deepEqual(await target().select("principals", { id }), []);
      assert.deepEqual(await countRows(target(), id), NO_ROWS);
    }
    assert.equal((await countRows(target(), guest.id))["sessions"], 1);
    assert.equal((await countRows(target(), account.id))["sessions"], 2);
    await begin(target(), guest.principal);
  });

  test("an expired guest is left until the turn that runs has ended or gone silent", async () => {
    const guest = await guestOf(target());
    const running = await begin(target(), guest.principal);
    await target().update("principals", { id: guest.id }, { expires_at: daysAgo(1) });
    await silence(target(), running, 50);
    assert.deepEqual(await target().call("delete_expired_guests", {}), { deleted: 0 });
    await append(target(), running, 0, "There was ");
    await silence(target(), running, 61);
    assert.deepEqual(await target().call("delete_expired_guests", {}), { deleted: 1 });
    assert.deepEqual(await countRows(target(), guest.id), NO_ROWS);
    await assert.rejects(append(target(), running, 10, "a "), refusal(404, "not_found"));
    await assert.rejects(finish(target(), running), refusal(404, "not_found"));
  });

  test("what is kept of an anonymous user who has moved goes after a month", async () => {
    const [account, anonymous] = [await newAccount(), await personOf(target(), newUser())];
    await migrate(target(), account, anonymous);
    const { id } = anonymous;
    await target().update("principals", { id }, { last_seen_at: daysAgo(29) });
    await target().call("delete_expired_guests", {});
    await only(target(), "principals", { id });
    await target().update("principals", { id }, { last_seen_at: daysAgo(31) });
    await target().call("delete_expired_guests", {});
    assert.deepEqual(await target().select("principals", { id }), []);
    assert.equal((await countRows(target(), account.id))["sessions"], 2);
  });
}
