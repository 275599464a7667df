// The end of an account while something else happens, on a real PostgreSQL. A deadlock or a broken
// foreign key is no refusal and fails the test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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
import { isAsleep, soon, split, times, untilAsleep } from "./at_once.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { append, begin, finish, newUser, refusal, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const remove = ({ principal }: Person) => target.call("delete_account", { principal });

async function assertGone({ id, principal }: Person): Promise<void> {
  assert.deepEqual(await target.select("principals", { id }), []);
  assert.deepEqual(await countRows(target, id), NO_ROWS);
  assert.deepEqual(await target.select("rate_limits", { owner_id: id }), []);
  await assert.rejects(begin(target, principal), refusal(401, "invalid_token"));
}

test("of 40 turns and a deletion at once, each ends or is refused, and nothing is left", async () => {
  const totals = { ended: 0, refused: 0 };
  const rate_limit = { action: "turn", max_requests: 1000, window_seconds: 60 };
  for (const newPerson of [
    () => personOf(target, newUser()),
    () => personOf(target, newExternal()),
    () => guestOf(target),
  ]) {
    for (let round = 0; round < 3; round += 1) {
      const person = await newPerson();
      const sessions = await Promise.all(
        Array.from({ length: 20 }, () => say(target, person.principal, "Before?", "Before.")),
      );
      await target.update("principals", { id: person.id }, { last_seen_at: daysAgo(1) });
      let tellEnded = () => {};
      const oneHasEnded = new Promise<void>((resolve) => (tellEnded = resolve));
      async function speak(index: number): Promise<void> {
        const session_id = index % 2 === 0 ? sessions[index / 2]!["session_id"] : null;
        const turn = await begin(target, person.principal, { session_id, rate_limit });
        await append(target, turn, 0, "Yes, ");
        await finish(target, turn, { from_offset: 5, text: "there was." });
        tellEnded();
      }
      const removing = oneHasEnded.then(() => soon(60, () => remove(person)));
      const { answers, refusals } = split(
        await times(40, async (index) => {
          if (index < 35) return soon(150, () => speak(index));
          await removing;
          return speak(index);
        }),
      );
      await removing;
      totals.ended += answers.length;
      totals.refused += refusals.length;
      for (const code of refusals) assert.match(code, /^(invalid_token|not_found)$/);
      await assertGone(person);
    }
  }
  console.log(totals);
  assert.ok(totals.ended >= 9 && totals.refused >= 45, JSON.stringify(totals));
});

test("ten deletions at once answer the same", async () => {
  for (const newPerson of [() => personOf(target, newUser()), () => guestOf(target)]) {
    const person = await newPerson();
    const { answers } = split(await times(10, () => remove(person)));
    assert.equal(answers.length, 10);
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    await assertGone(person);
  }
});

test("the first call of a user and a deletion at once leave an account, or none", async () => {
  for (let round = 0; round < 20; round += 1) {
    const principal = newUser();
    const person: Person = { principal, id: principal["subject"], turn: {} };
    split(
      await Promise.allSettled([
        remove(person),
        begin(target, principal),
        target.call("save_profile", { principal, body: { display_name: "Anna" } }),
      ]),
    );
    await assertGone(person);
  }
});

test("a migration and the deletion of its account at once leave nothing, or the guest's", async () => {
  const outcomes = { moved: 0, kept: 0 };
  for (let round = 0; round < 20; round += 1) {
    const account = await personOf(target, newUser());
    const guest = await guestOf(target);
    const [moving] = await Promise.allSettled([
      soon(5, () => migrate(target, account, guest)),
      soon(10, () => remove(account)),
    ]);
    const { answers, refusals } = split([moving]);
    await assertGone(account);
    if (answers.length > 0) {
      outcomes.moved += 1;
      await assertGone(guest);
    } else {
      outcomes.kept += 1;
      assert.deepEqual(refusals, ["invalid_token"]);
      assert.equal((await countRows(target, guest.id))["sessions"], 1);
    }
  }
  console.log(outcomes);
});

test("who cleans up at once shares the work, while guests and turns go on", async () => {
  const expired = await Promise.all(Array.from({ length: 60 }, () => guestOf(target)));
  const lively = await guestOf(target);
  for (const { id } of expired) {
    await target.update("principals", { id }, { expires_at: daysAgo(1) });
  }
  const { answers } = split(
    await Promise.allSettled([
      ...Array.from({ length: 6 }, () => target.call("delete_expired_guests", { limit: 20 })),
      ...Array.from({ length: 10 }, () => say(target, lively.principal, "Once?", "Once.")),
    ]),
  );
  assert.equal(answers.length, 16);
  await target.call("delete_expired_guests", {});
  const deleted = answers.slice(0, 6).map((answer) => Number(answer["deleted"]));
  assert.ok(deleted.reduce((sum, count) => sum + count) >= 40, `${deleted}`);
  for (const guest of expired) await assertGone(guest);
  assert.equal((await countRows(target, lively.id))["sessions"], 11);
});

test("a guest whose call has not ended is left, and not waited for", async () => {
  const guest = await guestOf(target);
  const work = target.tryAs(
    "service_role",
    `select from public.principals where id = '${guest.id}' for key share; select pg_sleep(2)`,
  );
  await untilAsleep(target);
  await target.update("principals", { id: guest.id }, { expires_at: daysAgo(1) });
  assert.deepEqual(await target.call("delete_expired_guests", {}), { deleted: 0 });
  assert.ok(await isAsleep(target), "the call has not ended yet");
  await work;
  assert.deepEqual(await target.call("delete_expired_guests", {}), { deleted: 1 });
});
