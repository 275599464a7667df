// Turns, other takes, their readings, and people's edits of one dossier at once, on a real
// PostgreSQL. A deadlock is no refusal and fails the test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { chance } from "../chance.ts";
import { editReply, retake, select, takes } from "./actions.ts";
import { assertSeen, soon, split, times, untilAsleep, untilSeen } from "./at_once.ts";
import { assertion, commit, newProject, readLog, snapshot } from "./dossiers.ts";
import { claimReading, commitReading, partsOf, tell } from "./extractions.ts";
import { ask } from "./lists.ts";
import { assertSound } from "./soundness.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { claim, fail, wake } from "./tasks.ts";
import type { Row } from "./target.ts";
import { begin, finish, messagesOf, newUser, only } from "./turns.ts";

const WRITERS = 50;

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const contents = (log: Row[]): string[] =>
  log.map((entry) => entry["body"]["content"]).filter((content) => content !== undefined);

async function headOf(project_id: string): Promise<number> {
  return Number((await only(target, "dossiers", { project_id }))["head"]);
}

/** Refusals that a writer has to live with. */
async function tried(codes: string[], work: () => Promise<unknown>): Promise<boolean> {
  const { refusals } = split(await Promise.allSettled([work()]));
  assert.ok(
    refusals.every((code) => codes.includes(code)),
    `${refusals}`,
  );
  return refusals.length === 0;
}

test("50 writers of one dossier: every change is in the log, or its writer was told 412", async () => {
  const user = newUser();
  const project_id = await newProject(target, user);
  const sessions = await Promise.all(
    [1, 2, 3, 4].map((number) => tell(target, user, `Who, ${number}?`, "A fox.", { project_id })),
  );
  const accepted: string[] = [];
  const refused: string[] = [];
  const counts = { edits: 0, matched: 0, refused: 0, folded: 0, taken: 0, read: 0, stale: 0 };
  // Entries of the log about messages with findings which have left the path or come back.
  const outcomes = { ...counts, moved: 0 };
  let isOver = false;
  // Chance decides the races, so they continue until everything has happened.
  const needed = { matched: 1, refused: 1, folded: 1, taken: 21, read: 5, moved: 1 };
  const isSeen = untilSeen(outcomes, needed);
  const countMoves = async () => {
    const moves = await target.asOwner(
      `select from public.dossier_assertions where kind = 'path' and project_id = '${project_id}'`,
    );
    outcomes.moved = moves.length;
  };

  /** Folds the current log, like the edge, and then adds its own entry. */
  async function edit(writer: number, usesMatch: boolean): Promise<void> {
    // A refused writer reads again and decides anew, until one change is made.
    let isDone = false;
    const goesOn = (round: number) => (usesMatch ? !isDone || outcomes.refused === 0 : round < 3);
    for (let round = 0; round < 200 && goesOn(round); round += 1) {
      const name = `${writer}.${round}`;
      const { head, entries } = await ask(target, user, "read_dossier_log", { project_id });
      await delay(chance() * 20);
      isDone = await tried(["precondition_failed"], async () => {
        const known = contents(entries);
        let answer = await ask(target, user, "commit_assertions", {
          project_id,
          base: head,
          assertions: [assertion(name, { kind: "user" })],
          snapshot: snapshot([...known, name].join(" ")),
          if_match: usesMatch ? `${head}` : undefined,
        });
        assert.equal(answer["added"], 1);
        let base = head;
        while (answer["tail"] !== null) {
          known.push(...contents(answer["tail"]));
          base = answer["tail"].at(-1)?.["position"] ?? answer["head"];
          const fold = snapshot(known.join(" "));
          answer = await commit(target, project_id, base, [], { snapshot: fold });
          outcomes.folded += 1;
        }
      });
      (isDone ? accepted : refused).push(name);
      if (isDone) outcomes[usesMatch ? "matched" : "edits"] += 1;
      else outcomes.refused += 1;
      assert.ok(isDone || usesMatch, "who asks for nothing is not refused");
    }
  }

  const inTurn = ["turn_in_progress"];
  async function speak(writer: number): Promise<void> {
    const { session_id, message_id } = sessions[writer % sessions.length]!;
    for (let round = 0; round < 4 || !isSeen(); round += 1) {
      await soon(20, () =>
        tried(inTurn, async () => {
          const kind = writer % 3;
          if (kind === 0) await tell(target, user, `${writer}?`, "A crow.", { session_id });
          else if (kind === 1) {
            const before = await headOf(project_id);
            const turn = await retake(target, user, "regenerate", message_id, `${writer}.`, {
              dossier: true,
            });
            const { version } = turn["dossier"];
            assert.ok(version >= before && version <= (await headOf(project_id)), `${version}`);
          } else {
            const others = await takes(target, user, message_id);
            const other = others[Math.floor(chance() * others.length)]!;
            await select(target, user, other["message_id"]);
          }
          outcomes.taken += 1;
        }),
      );
      if (outcomes.moved === 0) await countMoves();
    }
  }

  async function read(writer: number): Promise<void> {
    for (let round = 0; !isOver; round += 1) {
      const task = await claim(target, { kinds: ["dossier_extraction"], lease_seconds: 1 });
      if (task === null) {
        await delay(10);
        continue;
      }
      if (chance() < 0.2) await wake(target, task);
      await delay(chance() * 15);
      const parts = partsOf(task).map(([message_id, text], index) =>
        assertion(`${message_id} ${text} ${index}`, { message_id }),
      );
      const isDone = await tried(["stale_lease"], () => {
        if (chance() < 0.1) return fail(target, task).then(() => wake(target, task));
        return commitReading(target, task, parts);
      });
      outcomes[isDone ? "read" : "stale"] += 1;
      if (isDone && writer < 0) return;
    }
  }

  const readers = [0, 1, 2, 3].map((writer) => read(writer));
  const results = await times(WRITERS - readers.length, async (writer) => {
    if (writer % 4 === 0) await edit(writer, false);
    else if (writer % 4 === 1) await edit(writer, true);
    else await speak(writer);
  });
  const failure = results.find((result) => result.status === "rejected");
  const open = `select from public.jobs
    where kind = 'dossier_extraction' and status in ('queued', 'running')`;
  for (let look = 0; look < 200 && (await target.asOwner(open)).length > 0; look += 1) {
    await delay(50);
  }
  isOver = true;
  await Promise.all(readers);
  if (failure?.status === "rejected") throw failure.reason;
  assertSeen(outcomes, needed);

  const log = await readLog(target, project_id);
  const said = contents(log.filter((entry) => entry["kind"] === "user"));
  assert.deepEqual(said.toSorted(), accepted.toSorted());
  assert.ok(!refused.some((name) => said.includes(name)));
  // Each message was read once, whichever workers have died.
  const found = log.filter((entry) => entry["kind"] === "extracted");
  assert.equal(new Set(found.map((entry) => entry["message_id"])).size, found.length);
  assert.ok(log.some((entry) => entry["kind"] === "path"));
  await assertSound(target);
});

test("who claims what is to be read while more is said: nothing is left lying", async () => {
  const user = newUser();
  const turn = await begin(target, user, { text: "Thanks.", extract: true });
  await finish(target, turn, { status: "failed", text: "" });
  const { session_id } = turn;
  const first = (await claimReading(target, turn))!;
  await commitReading(target, first, []);
  // A task without work is ended when it is claimed: meanwhile a turn leaves work.
  await target.asOwner(
    "select private.plan_extraction($1)",
    [session_id],
  );
  const claiming = target.runAs(
    "service_role",
    "select public.claim_step($1) -> 'step' as task, pg_sleep(1)",
    [JSON.stringify({ kinds: ["dossier_extraction"], session_id })],
  );
  await untilAsleep(target);
  const telling = tell(target, user, "Mara is 30.", "I see.", { session_id });
  assert.deepEqual((await claiming)[0]!["task"], null);
  const { user_message_id } = await telling;
  const task = (await claimReading(target, turn))!;
  assert.equal(partsOf(task)[0]![0], user_message_id);
  await assertSound(target);
});

test("conversations are told, read, edited, cleared, moved away and deleted at once", async () => {
  for (let round = 0; round < 6; round += 1) {
    const user = newUser();
    const first = await tell(target, user, "Who?", "A fox.");
    const { project_id, session_id, message_id } = first;
    const codes = ["turn_in_progress", "not_found", "stale_lease", "precondition_failed"];
    const works: ((writer: number) => Promise<unknown>)[] = [
      () => tell(target, user, "And?", "A crow.", { session_id }),
      () => retake(target, user, "regenerate", message_id, "A hare."),
      () => editReply(target, user, message_id, `A ${chance()}.`),
      () => select(target, user, message_id),
      async () => {
        const task = await claimReading(target, first);
        if (!task) return;
        const found = partsOf(task).map(([id], index) => assertion(index, { message_id: id }));
        await commitReading(target, task, found);
      },
      (writer) => commit(target, project_id, 0, [assertion(writer, { message_id })]),
      () => ask(target, user, "clear_dossier", { project_id }),
      () =>
        round % 2 === 0
          ? ask(target, user, "delete_account")
          : ask(target, user, "delete_project", { project_id }),
    ];
    const last = works.length - 1;
    const calls = Array.from({ length: 40 }, (_, writer) => (writer === 39 ? last : writer % last));
    await Promise.all(
      calls.map((kind, writer) =>
        soon(kind === last ? 120 : 100, () =>
          tried([...codes, "invalid_token", "invalid_request"], () => works[kind]!(writer)),
        ),
      ),
    );
    assert.deepEqual(await target.select("dossier_assertions", { project_id }), []);
    assert.deepEqual(await messagesOf(target, first), []);
    await assertSound(target);
  }
});
