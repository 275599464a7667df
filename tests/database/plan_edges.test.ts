// Fifty connections at the edge of a plan, for every kind of work that spends: exactly what fits is admitted,
// whoever is killed, and the shares of dead workers come back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openConnections, type Connections } from "./connections.ts";
import { newProject } from "./dossiers.ts";
import { tell } from "./extractions.ts";
import { stepsOf } from "./imports.ts";
import { ask } from "./lists.ts";
import { CALL, givePlan, usageOf } from "./plan_behaviour.ts";
import { newConnection, open, turnIn } from "./realtime.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { storyRequest } from "./stories.ts";
import type { Row } from "./target.ts";
import { leaseOf, wake } from "./tasks.ts";
import { newUser, type Principal } from "./turns.ts";

const AT_ONCE = 50;
const FIT = 8;

let target: SqlTarget;
let connections: Connections;
before(async () => {
  target = await startSqlTarget(process.cwd());
  connections = await openConnections(target, AT_ONCE);
});
after(async () => {
  await connections.stop();
  await target.stop();
});

/** One after another, because the connections are for the work. */
async function range(make: (index: number) => Row | Promise<Row>): Promise<Row[]> {
  const made: Row[] = [];
  for (let index = 0; index < AT_ONCE; index += 1) made.push(await make(index));
  return made;
}
const turn = (principal: Principal, changes: Row): Row => ({
  principal, admission: {}, kind: "chat", session_id: null, project_id: null, text: "Once upon a time.",
  title: "Once", provider: "local", model: "m", history_budget_tokens: 1000, stream_id: null, ...changes,
});

interface Kind {
  function: string;
  /** The calls that each reserves. */
  calls: number;
  requests: (principal: Principal) => Promise<Row[]>;
}

const KINDS: Record<string, Kind> = {
  chat: { function: "begin_turn", calls: 1, requests: (user) => range(() => turn(user, {})) },
  relay: {
    function: "begin_turn", calls: 1,
    requests: (user) => range((index) => turn(user, { kind: "relay", external_id: `talk ${index}` })),
  },
  companion: {
    function: "begin_turn", calls: 1,
    requests: async (user) => {
      const { character_id } = (await ask(target, user, "save_character", { body: { name: "Ada" } }))["body"];
      return range(() => turn(user, {
        kind: "companion", character_id, system_prompt: "Be kind.", character_prompt: "You are {{char}}.",
        character_prompt_label: "companion-1",
      }));
    },
  },
  realtime: {
    function: "begin_turn", calls: 1,
    requests: (user) => range(async (index) => {
      const connection = newConnection(user, `live ${index}`);
      await open(target, connection);
      return turn(user, turnIn(connection));
    }),
  },
  imports: {
    function: "start_import", calls: 3,
    requests: (user) => range(async (index) => ({
      principal: user, admission: {}, project_id: await newProject(target, user, `Book ${index}`), title: "A",
      chapters: 3, steps: stepsOf(["One.", "Two.", "Three."]),
    })),
  },
  stories: {
    function: "begin_story", calls: 5,
    requests: (user) => range((index) => ({ ...storyRequest(user, "premise", { given: { idea: `${index}` } }), admission: {} })),
  },
};

/** Whatever these are, their workers never say another word: the leases of turns and steps end. */
async function die(owner_id: string): Promise<void> {
  await target.asOwner(
    "update public.generations set heartbeat_at = now() - interval '1 hour' where owner_id = $1 and status = 'streaming'",
    [owner_id],
  );
  await target.call("reap_generations", {});
  const kinds = ["story", "dossier_import", "dossier_extraction"];
  for (let round = 0; round < 100; round += 1) {
    await target.asOwner("update public.job_steps set run_after = now() where owner_id = $1 and status in ('queued', 'running')", [owner_id]);
    await target.asOwner("update public.job_queues set next_due_at = now() where owner_id = $1", [owner_id]);
    if ((await target.call("claim_step", { kinds }))["step"] === null) break;
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  test(`${name}: fifty at once, some killed: exactly what fits is admitted, and comes back`, { timeout: 120_000 }, async (context) => {
    const user = newUser();
    const requests = await kind.requests(user);
    await givePlan(target, user, { calls: FIT * kind.calls + kind.calls - 1 });
    const owner_id = user["subject"];
    const open = async () =>
      (await target.asOwner("select from public.plan_shares where owner_id = $1 and settled_at is null", [owner_id])).length;
    const burst = async (kills: boolean) => {
      let killed = 0;
      let isOver = false;
      const killing = (async () => {
        while (kills && !isOver && killed < 25) {
          await delay(30);
          killed += await connections.killSome(3);
        }
      })();
      const { codes } = await connections.callAll(kind.function, requests);
      isOver = true;
      await killing;
      for (const code of codes) {
        assert.match(code, /^(plan_exceeded|killed|locked|story_in_progress|import_in_progress)$/);
      }
      return killed;
    };
    const killed = await burst(true);
    const admitted = await open();
    context.diagnostic(`${killed} killed, ${admitted} admitted`);
    assert.ok(killed > 0 && admitted <= FIT);
    assert.equal((await usageOf(target, user))["reserved"].calls, admitted * kind.calls, "nothing of the dead is reserved");
    for (let again = 0; again < 5 && (await open()) < FIT; again += 1) await burst(false);
    assert.equal(await open(), FIT, "exactly what fits");
    const { usage, reserved } = await usageOf(target, user);
    assert.deepEqual([usage.calls, reserved.calls], [0, FIT * kind.calls]);

    await die(owner_id);
    const rest = await usageOf(target, user);
    assert.equal(rest["reserved"].calls, 0, "the workers have died, and so have their reservations");
  });
}

test("extraction: fifty workers at once: as many steps are begun as fit, the others wait for the plan", { timeout: 120_000 }, async () => {
  const user = newUser();
  const turns = await range(() => tell(target, user, "Mara is 34 and lives by the sea.", "Yes."));
  const owner_id = user["subject"];
  await target.asOwner("update public.job_steps set run_after = now() where owner_id = $1 and kind = 'dossier_extraction'", [owner_id]);
  await givePlan(target, user, { calls: FIT });
  const claims = turns.map(({ session_id }) => ({ kinds: ["dossier_extraction"], session_id }));
  const steps: Row[] = [];
  for (let round = 0; round < 10 && steps.length < FIT; round += 1) {
    const { answers, codes } = await connections.callAll("claim_step", claims);
    assert.ok(codes.every((code) => code === "locked"), `${codes}`);
    steps.push(...answers.flatMap(({ step }) => (step ? [step] : [])));
  }
  assert.equal(steps.length, FIT);
  const { usage, reserved } = await usageOf(target, user);
  assert.deepEqual([usage.calls, reserved.calls], [0, FIT]);
  // Whatever is left is postponed, and costs no attempt.
  const [left] = await target.asOwner(
    `select count(*)::integer as count, max(attempts) as attempts from public.job_steps
     where owner_id = $1 and kind = 'dossier_extraction' and status = 'queued'`,
    [owner_id],
  );
  assert.deepEqual(left, { count: AT_ONCE - FIT, attempts: 0 });

  // A worker that has died costs a call, and its step another one; a step that is done settles.
  await givePlan(target, user, { calls: FIT + 1 });
  await wake(target, steps[0]!);
  const again = (await target.call("claim_step", claims.find(({ session_id }) => session_id === steps[0]!["session_id"])!))["step"];
  assert.equal(again["job_id"], steps[0]!["job_id"]);
  assert.deepEqual((await usageOf(target, user))["usage"].calls, 1);
  const base = again["dossier"]["head"];
  await target.call("commit_step", { ...leaseOf(again), result: { base, assertions: [], model: "m" }, calls: [CALL] });
  const end = await usageOf(target, user);
  assert.deepEqual([end["usage"].calls, end["reserved"].calls], [2, FIT - 1]);
});
