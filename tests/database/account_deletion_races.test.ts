// The end of an account while something else happens, on a real PostgreSQL. A deadlock or a broken
// foreign key is no refusal and fails the test.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
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
  const expires_at = new Date(Date.now() + 2000);
  await target.update("principals", { id: guest.id }, { expires_at: expires_at.toISOString() });
  const work = target.tryAs(
    "service_role",
    `select private.resolve_principal('${JSON.stringify(guest.principal)}'); select pg_sleep(5)`,
  );
  await untilAsleep(target);
  await delay(expires_at.getTime() + 100 - Date.now());
  assert.deepEqual(await target.call("delete_expired_guests", {}), { deleted: 0 });
  assert.ok(await isAsleep(target), "the call has not ended yet");
  await work;
  assert.deepEqual(await target.call("delete_expired_guests", {}), { deleted: 1 });
});

// Foreign keys of a row are checked again when it is updated a second time in one transaction.
for (const [what, hold, goOn] of [
  [
    "updates a dossier twice",
    "select from public.sessions where session_id = '$session' for no key update",
    `update public.dossiers set updated_at = now() where project_id = '$project';
     update public.dossiers set updated_at = now() where project_id = '$project'`,
  ],
  [
    "updates a session twice",
    "update public.sessions set title = 'One' where session_id = '$session'",
    "update public.sessions set title = 'Two' where session_id = '$session'",
  ],
  [
    "updates a job twice",
    "update public.jobs set progress = 1 where session_id = '$session'",
    "update public.jobs set progress = 2 where session_id = '$session'",
  ],
  [
    "begins a session and then writes to the dossier",
    `insert into public.sessions (owner_id, project_id, kind, title)
     values ('$owner', '$project', 'chat', 'Another')`,
    "select from public.dossiers where project_id = '$project' for no key update",
  ],
] as const) {
  for (const end of ["delete_account", "delete_project"]) {
    test(`${end} waits for who ${what}, and does not wait crosswise`, async () => {
      const person = await personOf(target, newUser());
      const { session_id, project_id } = person.turn;
      await target.asOwner(
        `select private.add_job(jsonb_build_object('kind', 'probe', 'owner_id', $1::uuid, 'session_id', $2::uuid))`,
        [person.id, session_id],
      );
      const working = target.asOwner(
        `${hold}; select pg_sleep(1); ${goOn}`
          .replaceAll("$session", session_id)
          .replaceAll("$project", project_id)
          .replaceAll("$owner", person.id),
      );
      await untilAsleep(target);
      const { principal } = person;
      await Promise.all([working, target.call(end, { principal, project_id })]);
      assert.deepEqual(await target.select("projects", { project_id }), []);
      assert.deepEqual(await target.select("jobs", { session_id }), []);
    });
  }
}

test("a turn that died is run again while its account is deleted: one comes after the other", async () => {
  const person = await personOf(target, newUser());
  const { principal } = person;
  const { session_id } = person.turn;
  const request = { session_id, idempotency_key: randomUUID(), request_hash: "5e".repeat(32) };
  const rate_limit = { action: "turn", max_requests: 1000, window_seconds: 60 };
  const dead = await begin(target, principal, request);
  const { generation_id } = dead;
  await target.update("generations", { generation_id }, { heartbeat_at: daysAgo(1) });
  // While another transaction holds the session, the turn waits for it, and the deletion for the
  // turn.
  const working = target.asOwner(
    `select from public.sessions where session_id = '${session_id}' for no key update;
     select pg_sleep(1)`,
  );
  await untilAsleep(target);
  const again = begin(target, principal, { ...request, rate_limit });
  await delay(300);
  const results = await Promise.allSettled([again, remove(person), working]);
  const { refusals } = split(results);
  assert.ok(refusals.every((code) => code === "invalid_token"), `${refusals}`);
  await assertGone(person);
});
