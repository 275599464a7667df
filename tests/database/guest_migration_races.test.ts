// A guest who becomes an account while something else happens, on a real PostgreSQL. A deadlock is
// no refusal and fails the test.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  countRows,
  daysAgo,
  guestOf,
  migrate,
  NO_ROWS,
  personOf,
  type Person,
} from "./accounts.ts";
import { rounds, soon, split, times, untilAsleep } from "./at_once.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { append, begin, finish, newUser, only, refusal, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const newAccount = () => personOf(target, newUser());
const anonymousUser = () => personOf(target, newUser());

/** The turn's messages that are the account's, oldest first. */
async function saidIn(account: Person, turn: Row): Promise<string[]> {
  const { turn_id } = await only(target, "messages", { message_id: turn["user_message_id"] });
  const messages = await target.select("messages", {
    session_id: turn["session_id"],
    turn_id,
    owner_id: account.id,
  });
  return messages.sort((a, b) => a["position"] - b["position"]).map(({ content }) => content);
}

for (const [who, newGuest, refusedWith] of [
  ["a guest", () => guestOf(target), /^invalid_token$/],
  // Not held as a guest is, because most calls only read: a session may have gone to the account
  // between knowing who is calling and looking for it.
  ["an anonymous user", anonymousUser, /^(invalid_token|not_found)$/],
] as const) {
  test(`of 50 turns of ${who} and a migration at once, each that begins is the account's`, async () => {
    const totals = { begun: 0, refused: 0 };
    for (let round = 0; round < 6; round += 1) {
      const [account, guest] = [await newAccount(), await newGuest()];
      const sessions = await Promise.all(
        Array.from({ length: 25 }, () => say(target, guest.principal, "Before?", "Before.")),
      );
      // The guest's last_seen_at is written again: by turns that lock the guest and by one that
      // writes it.
      await target.update("principals", { id: guest.id }, { last_seen_at: daysAgo(1) });

      let tellBegun = () => {};
      const oneHasBegun = new Promise<void>((resolve) => (tellBegun = resolve));
      async function speak(index: number): Promise<Row> {
        const session_id = index % 2 === 0 ? sessions[index / 2]!["session_id"] : null;
        const turn = await begin(target, guest.principal, {
          session_id,
          text: `${index}?`,
          // Using a rate limit locks the principal too, so only one half does.
          rate_limit:
            index % 4 < 2 ? { action: "turn", max_requests: 100, window_seconds: 60 } : null,
        });
        tellBegun();
        await append(target, turn, 0, "Yes, ");
        const end = await finish(target, turn, { from_offset: 5, text: `${index}.` });
        assert.deepEqual([end["already"], end["status"]], [false, "complete"]);
        return { ...turn, index };
      }
      const moving = oneHasBegun.then(() => soon(60, () => migrate(target, account, guest)));
      const { answers, refusals } = split(
        await times(50, async (index) => {
          if (index < 40) return soon(150, () => speak(index));
          await moving;
          return speak(index);
        }),
      );
      const moved = await moving;

      assert.equal(moved["already"], false);
      totals.begun += answers.length;
      totals.refused += refusals.length;
      for (const code of refusals) assert.match(code, refusedWith);
      for (const turn of answers) {
        const { index } = turn;
        assert.deepEqual(await saidIn(account, turn), [`${index}?`, `Yes, ${index}.`]);
      }
      const created = answers.filter((turn) => turn["created_session"]).length;
      // One turn of the guest's, one of the account's own, 25 before.
      assert.deepEqual(await countRows(target, account.id), {
        ...NO_ROWS,
        projects: 27 + created,
        dossiers: 27 + created,
        sessions: 27 + created,
        messages: 54 + 2 * answers.length,
        generations: 27 + answers.length,
        usage: 27 + answers.length,
      });
      assert.deepEqual(await countRows(target, guest.id), NO_ROWS);
      await assert.rejects(begin(target, guest.principal), refusal(401, "invalid_token"));
    }
    console.log(who, totals);
    assert.ok(totals.begun >= 6 && totals.refused >= 60, JSON.stringify(totals));
  });
}

for (const [who, newGuest] of [
  ["a guest", () => guestOf(target)],
  ["an anonymous user", anonymousUser],
] as const) {
  test(`what ${who} begins while the migration is at work is refused`, async () => {
    const [account, guest] = [await newAccount(), await newGuest()];
    const { session_id } = guest.turn;
    const holding = target.tryAs(
      "service_role",
      `select from public.sessions where session_id = '${session_id}' for update;
       select pg_sleep(1.5)`,
    );
    await untilAsleep(target);
    const moving = migrate(target, account, guest);
    const migrationWaits = "select from pg_stat_activity where wait_event_type = 'Lock'";
    while ((await target.asOwner(migrationWaits)).length === 0) await delay(10);
    const { answers, refusals } = split(
      await Promise.allSettled([
        begin(target, guest.principal, { session_id }),
        begin(target, guest.principal),
        target.call("create_project", { principal: guest.principal, body: { name: "New" } }),
        target.call("save_bot", { principal: guest.principal, body: { model: "a-model" } }),
        target.call("save_profile", { principal: guest.principal, body: {} }),
      ]),
    );
    await Promise.all([holding, moving]);
    assert.deepEqual(answers, []);
    for (const code of refusals) assert.match(code, /^(invalid_token|not_found)$/);
    assert.deepEqual(await countRows(target, guest.id), NO_ROWS);
    assert.equal((await countRows(target, account.id))["messages"], 4);
  });
}

test("of migrations of one guest at once, one does it and all succeed", async () => {
  for (const count of [2, 10, 10]) {
    const [account, guest] = [await newAccount(), await guestOf(target)];
    const { answers, refusals } = split(await times(count, () => migrate(target, account, guest)));
    assert.deepEqual(refusals, []);
    const first = answers.filter((answer) => !answer["already"]);
    assert.equal(first.length, 1);
    assert.equal(first[0]!["migrated"].sessions, 1);
    assert.equal((await countRows(target, account.id))["sessions"], 2);
  }
});

test("of ten accounts that take over one guest at once, one gets everything", async () => {
  const guest = await guestOf(target);
  const accounts = await Promise.all(Array.from({ length: 10 }, newAccount));
  const { answers, refusals } = split(
    await times(10, (index) => migrate(target, accounts[index]!, guest)),
  );
  assert.equal(answers.length, 1);
  assert.deepEqual(refusals, Array(9).fill("forbidden"));
  const sessions = await Promise.all(
    accounts.map(async ({ id }) => (await countRows(target, id))["sessions"]),
  );
  assert.deepEqual(sessions.sort(), [...Array(9).fill(1), 2]);
});

test("ten guests with the same names move to one account at once, and none is lost", async () => {
  const account = await newAccount();
  const stream_id = `tale-${randomUUID()}`;
  const guests = await Promise.all(
    Array.from({ length: 10 }, () => guestOf(target, { stream_id })),
  );
  const { answers } = split(await times(10, (index) => migrate(target, account, guests[index]!)));
  assert.equal(answers.length, 10);
  const generations = await target.select("generations", { owner_id: account.id });
  assert.equal(new Set(generations.map((generation) => generation["stream_id"])).size, 11);
  assert.equal(generations.filter((generation) => generation["stream_id"] === stream_id).length, 1);
});

test("the account uses names of the guest while that moves, and none is lost", async () => {
  const outcomes = { renamed: 0 };
  await rounds(5, outcomes, { renamed: 1 }, async () => {
    const [account, guest] = [await newAccount(), await guestOf(target)];
    const names = Array.from({ length: 20 }, () => `tale-${randomUUID()}`);
    await Promise.all(
      names.map((stream_id) => say(target, guest.principal, "Guest?", "Guest.", { stream_id })),
    );
    const moving = soon(60, () => migrate(target, account, guest));
    const { answers, refusals } = split(
      await times(20, (index) =>
        soon(80, () => begin(target, account.principal, { stream_id: names[index] })),
      ),
    );
    await moving;
    assert.ok(
      refusals.every((code) => code === "stream_exists"),
      "the name is the guest's, who was there first",
    );
    const generations = await target.select("generations", { owner_id: account.id });
    assert.equal(generations.length, 22 + answers.length);
    for (const turn of answers) {
      const own = generations.find((row) => row["generation_id"] === turn["generation_id"]);
      assert.equal(own!["stream_id"], turn["stream_id"]);
    }
    outcomes.renamed += answers.length;
  });
});

test("a name that the account uses while the migration is at work is changed on the guest's side", async () => {
  const stream_id = `tale-${randomUUID()}`;
  const [account, guest] = [await newAccount(), await guestOf(target, { stream_id })];
  const request = {
    principal: account.principal,
    kind: "chat",
    session_id: account.turn["session_id"],
    text: "Once?",
    history_budget_tokens: 0,
    stream_id,
  };
  const beginning = target.runAs(
    "service_role",
    "select public.begin_turn($1) as turn, pg_sleep(1.5)",
    [JSON.stringify(request)],
  );
  await untilAsleep(target);
  const moved = await migrate(target, account, guest);
  assert.equal(moved["already"], false);
  const [begun] = await beginning;
  const where = { owner_id: account.id, stream_id };
  const kept = await only(target, "generations", where);
  assert.equal(kept["generation_id"], begun!["turn"].generation_id);
  assert.equal((await target.select("generations", { owner_id: account.id })).length, 3);
});

test("what is found out in the background while the guest moves is stored", async () => {
  for (let round = 0; round < 5; round += 1) {
    const [account, guest] = [await newAccount(), await guestOf(target)];
    const { project_id, message_id } = guest.turn;
    const moving = soon(30, () => migrate(target, account, guest));
    const { answers } = split(
      await times(20, (index) =>
        soon(40, () =>
          target.call("commit_assertions", {
            project_id,
            base: 0,
            assertions: [
              {
                assertion_id: index.toString(16).padStart(64, "0"),
                kind: "extracted",
                body: { index },
                message_id,
              },
            ],
          }),
        ),
      ),
    );
    await moving;
    assert.equal(answers.length, 20);
    const stored = await target.select("dossier_assertions", { project_id, owner_id: account.id });
    assert.equal(stored.length, 20);
  }
});
