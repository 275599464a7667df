// The end of an account, in both databases.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countRows,
  daysAgo,
  guestOf,
  identityHash,
  migrate,
  newExternal,
  NO_ROWS,
  personOf,
  type Person,
} from "./accounts.ts";
import { Refusal, type Row, type Target } from "./target.ts";
import { append, begin, newTokenHash, newUser, only, refusal, say } from "./turns.ts";

export function describeAccounts(target: () => Target): void {
  const remove = (principal: Row) => target().call("delete_account", { principal });
  const readDeletion = async (deletion_id: string) =>
    (await target().call("read_deletion", { deletion_id }))["body"];
  const everyKind = async (): Promise<Person[]> => [
    await personOf(target(), newUser()),
    await personOf(target(), newExternal()),
    await guestOf(target()),
  ];

  test("a deleted account leaves nothing, and others keep what they have", async () => {
    const other = await personOf(target(), newUser());
    const kept = await countRows(target(), other.id);
    for (const { principal, id, turn } of await everyKind()) {
      await say(target(), principal, "More?", "More.", { session_id: turn["session_id"] });
      await target().call("save_profile", { principal, body: { email: "anna@example.org" } });
      await append(target(), await begin(target(), principal), 0, "There was ");
      assert.deepEqual(await countRows(target(), id), {
        ...NO_ROWS,
        projects: 2,
        dossiers: 2,
        sessions: 2,
        messages: 5,
        generations: 3,
        usage: 2,
        profiles: 1,
      });

      const { status, body } = await remove(principal);
      assert.equal(status, 202);
      assert.match(body.message, /deleted/);
      assert.equal(body.status, "erased");
      assert.deepEqual(await readDeletion(body.deletion_id), body);
      assert.deepEqual(await countRows(target(), id), NO_ROWS);
      assert.deepEqual(await target().select("principals", { id }), []);
    }
    assert.deepEqual(await countRows(target(), other.id), kept);
  });

  test("a token that is still valid does not bring a deleted account back", async () => {
    for (const { principal, id } of await everyKind()) {
      await remove(principal);
      await assert.rejects(begin(target(), principal), /This account has been deleted/);
      const issuers =
        principal.kind === "user"
          ? [principal["issuer"], "http://127.0.0.1:9/auth/v1"]
          : [undefined];
      for (const issuer of issuers) {
        const caller = issuer ? { ...principal, issuer } : principal;
        await assert.rejects(begin(target(), caller), refusal(401, "invalid_token"));
        await assert.rejects(
          target().call("read_profile", { principal: caller }),
          refusal(401, "invalid_token"),
        );
      }
      assert.deepEqual(await target().select("principals", { id }), []);
    }
  });

  test("deleting again answers the same again", async () => {
    for (const { principal } of await everyKind()) {
      const first = await remove(principal);
      assert.deepEqual(await remove(principal), first);
    }
  });

  test("a user who has done nothing yet can be deleted", async () => {
    const user = newUser();
    await remove(user);
    await assert.rejects(begin(target(), user), refusal(401, "invalid_token"));
  });

  test("a deletion is known to whoever has its id, until a week after it", async () => {
    const { principal } = await guestOf(target());
    const { deletion_id } = (await remove(principal))["body"];
    await target().update("deleted_accounts", { deletion_id }, { deleted_at: daysAgo(6.9) });
    await target().call("delete_expired_guests", {});
    assert.equal((await readDeletion(deletion_id)).status, "erased");
    await target().update("deleted_accounts", { deletion_id }, { deleted_at: daysAgo(7.1) });
    await target().call("delete_expired_guests", {});
    await assert.rejects(readDeletion(deletion_id), refusal(404, "not_found"));
    await assert.rejects(readDeletion("me"), refusal(400, "invalid_id"));
  });

  test("an unknown guest has nothing to delete", async () => {
    const guest = { kind: "guest", token_hash: newTokenHash() };
    await assert.rejects(remove(guest), refusal(401, "invalid_token"));
  });

  test("of a deleted account a hash is kept for a week, by which nobody else is refused", async () => {
    const [user, external] = [newUser(), newExternal()];
    const hashes = [
      identityHash("user", user["subject"]),
      identityHash("external", external["issuer"], external["subject"]),
    ];
    for (const [index, principal] of [user, external].entries()) {
      await remove(principal);
      const where = { identity_hash: hashes[index] };
      const mark = await only(target(), "deleted_accounts", where);
      assert.deepEqual(Object.keys(mark).sort(), ["deleted_at", "deletion_id", "erased_at", "identity_hash"]);
      await target().update("deleted_accounts", where, { deleted_at: daysAgo(6.9) });
      await target().call("delete_expired_guests", {});
      await assert.rejects(begin(target(), principal), refusal(401, "invalid_token"));
      await target().update("deleted_accounts", where, { deleted_at: daysAgo(7.1) });
      await target().call("delete_expired_guests", {});
      await begin(target(), principal);
    }
    await begin(target(), { ...external, issuer: "https://other.test" });
  });

  test("a user of another issuer may begin anew with a token made after the deletion", async () => {
    const external = newExternal();
    const now_s = Math.floor(Date.now() / 1000);
    const at = (issued_at: number) => ({ ...external, issued_at });
    await begin(target(), at(now_s - 10));
    await remove(at(now_s - 10));
    await assert.rejects(begin(target(), at(now_s - 5)), refusal(401, "invalid_token"));
    await assert.rejects(begin(target(), external), refusal(401, "invalid_token"));
    await begin(target(), at(now_s + 60));
  });

  test("guests who have moved to an account are deleted with it", async () => {
    const account = await personOf(target(), newUser());
    const guest = await guestOf(target());
    const anonymous = await personOf(target(), newUser());
    await migrate(target(), account, guest);
    await migrate(target(), account, anonymous);
    await remove(account.principal);
    for (const { id } of [account, guest, anonymous]) {
      assert.deepEqual(await target().select("principals", { id }), []);
      assert.deepEqual(await countRows(target(), id), NO_ROWS);
    }
    for (const { principal } of [guest, anonymous]) {
      await assert.rejects(begin(target(), principal), refusal(401, "invalid_token"));
    }
  });

  test("a guest who has moved cannot delete what is the account's now", async () => {
    const account = await personOf(target(), newUser());
    const guest = await guestOf(target());
    await migrate(target(), account, guest);
    await assert.rejects(remove(guest.principal), (error: Refusal) => {
      assert.match(error.message, /moved/);
      return refusal(401, "invalid_token")(error);
    });
    assert.equal((await countRows(target(), account.id))["sessions"], 2);
  });
}
