// Many writers of one dossier at once, on a real PostgreSQL: the embedded one runs one call at a
// time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SEED } from "../chance.ts";
import { soon, times } from "./at_once.ts";
import { assertion, commit, newProject, readLog, snapshot } from "./dossiers.ts";
import { ask } from "./lists.ts";
import { randomNumbers } from "../random_numbers.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { newUser, only, say } from "./turns.ts";

const WRITERS = 50;

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const contents = (log: Row[]): string[] => log.map((entry) => entry["body"]["content"]);
const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** Each writer's answer; none may have failed. */
async function write<T>(count: number, work: (writer: number) => Promise<T>): Promise<T[]> {
  return (await times(count, work)).map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

test("of 50 writers at once each has all of its own stored, in its order and without holes", async () => {
  const project_id = await newProject(target, newUser());
  const shared = assertion("found by all");
  const own = (writer: number) => [0, 1, 2].map((part) => assertion(`${writer}.${part}`));
  let isWriting = true;
  let looks = 0;
  const watch = async () => {
    for (; isWriting; looks += 1) {
      // A hole that is filled later would be missed by who has read beyond it.
      const rows = await target.select("dossier_assertions", { project_id });
      const positions = rows.map((row) => Number(row["position"])).sort((a, b) => a - b);
      assert.deepEqual(positions, numbersTo(rows.length));
    }
  };
  const watching = watch();
  try {
    await write(WRITERS, (writer) => commit(target, project_id, 0, [...own(writer), shared]));
  } finally {
    isWriting = false;
    await watching;
  }
  assert.ok(looks > 1);

  const log = await readLog(target, project_id);
  assert.deepEqual(
    log.map((entry) => entry["position"]),
    numbersTo(WRITERS * 3 + 1),
  );
  for (let writer = 0; writer < WRITERS; writer += 1) {
    const ids = own(writer).map((entry) => entry["assertion_id"]);
    assert.deepEqual(
      log.map((entry) => entry["assertion_id"]).filter((id) => ids.includes(id)),
      ids,
    );
  }
  const rows = await target.select("dossier_assertions", { project_id });
  const timesInOrder = rows
    .sort((a, b) => a["position"] - b["position"])
    .map((row) => row["created_at"].getTime());
  assert.deepEqual(
    timesInOrder,
    timesInOrder.toSorted((a, b) => a - b),
  );
});

test("exactly those whose base was the head store their snapshot", async () => {
  const project_id = await newProject(target, newUser());
  let kept = 0;
  // The first of each round is; which of the others are is chance.
  for (let round = 0; round < 5 || kept <= round; round += 1) {
    const answers = await write(WRITERS, (writer) =>
      soon(150, async () => {
        const base = Number((await only(target, "dossiers", { project_id }))["head"]);
        const name = `${round}.${writer}`;
        const found = [assertion(name)];
        const changes = { snapshot: snapshot(name) };
        const { tail, folded_to } = await commit(target, project_id, base, found, changes);
        return { tail, folded_to, base, name };
      }),
    );
    const log = contents(await readLog(target, project_id));
    for (const { base, name, tail, folded_to } of answers) {
      const position = log.indexOf(name) + 1;
      assert.equal(tail === null, position === base + 1, `${name} from ${base} at ${position}`);
      if (tail === null) assert.equal(folded_to, position);
      else assert.deepEqual(contents(tail), log.slice(base, base + tail.length));
    }
    const stored = answers.filter(({ tail }) => tail === null);
    kept += stored.length;
    const newest = stored.sort((a, b) => b.folded_to - a.folded_to)[0]!;
    const dossier = await only(target, "dossiers", { project_id });
    assert.equal(dossier["snapshot_json"]["logline"], newest.name);
    assert.equal(Number(dossier["folded_to"]), newest.folded_to);
  }
});

test("writers that fold what they have missed agree in the end", async () => {
  const user = newUser();
  const project_id = await newProject(target, user);
  await write(WRITERS, (writer) =>
    soon(50, async () => {
      const known: string[] = [];
      let found = [assertion(`${writer}.a`), assertion(`${writer}.b`)];
      for (let base = 0; ; found = []) {
        const fold = snapshot([...known, ...contents(found)].join(" "));
        const { tail } = await commit(target, project_id, base, found, { snapshot: fold });
        if (tail === null) return;
        known.push(...contents(tail));
        base = tail.at(-1)["position"];
      }
    }),
  );
  const { body } = await ask(target, user, "read_dossier", { project_id });
  assert.equal(body["version"], WRITERS * 2);
  const log = await readLog(target, project_id);
  assert.equal(body["snapshot_json"]["logline"], contents(log).join(" "));
});

test(`lost, repeated and late calls neither double nor lose anything (SEED=${SEED})`, async () => {
  const random = randomNumbers(SEED);
  const project_id = await newProject(target, newUser());
  const log: string[] = [];
  let folded = { to: 0, text: "" };
  const sent: { base: number; names: string[] }[] = [];
  for (let step = 0; step < 300; step += 1) {
    const isRepeated = sent.length > 0 && random(3) === 0;
    const call = isRepeated
      ? sent[random(sent.length)]!
      : {
          base: random(2) === 0 ? log.length : random(log.length + 1),
          // Chosen from few, so that many exist already.
          names: Array.from({ length: random(5) }, () => `${random(400)}`),
        };
    sent.push(call);
    const { base, names } = call;
    const text = `${step}`;
    const assertions = names.map((name) => assertion(name));
    const answer = await commit(target, project_id, base, assertions, { snapshot: snapshot(text) });
    const fresh = [...new Set(names)].filter((name) => !log.includes(name));
    if (base === log.length) folded = { to: base + fresh.length, text };
    const tail = base === log.length ? null : [...log, ...fresh].slice(base);
    log.push(...fresh);
    assert.deepEqual(
      { ...answer, tail: answer["tail"] && contents(answer["tail"]) },
      { head: log.length, added: fresh.length, folded_to: folded.to, log_start: 0, tail },
    );
  }
  assert.deepEqual(contents(await readLog(target, project_id)), log);
  const dossier = await only(target, "dossiers", { project_id });
  assert.equal(dossier["snapshot_json"]["logline"], folded.text);
});

test("projects change their owner and are deleted while others write to their dossiers", async () => {
  const one = await say(target, newUser(), "One?", "One.");
  const two = await say(target, newUser(), "Two?", "Two.");
  for (let round = 0; round < 15; round += 1) {
    const { project_id, message_id, user_id } = await say(target, newUser(), "Who?", "A fox.");
    const moveTo = (owner: Row) =>
      target.asOwner("update public.projects set owner_id = $1 where project_id = $2", [
        owner["user_id"],
        project_id,
      ]);
    await write(12, (writer) =>
      soon(8, async () => {
        if (writer === 0) await moveTo(one);
        else if (writer === 1) await moveTo(two);
        else await commit(target, project_id, 0, [assertion(`${writer}`, { message_id })]);
      }),
    );
    const [project] = await target.select("projects", { project_id });
    const owner_id = project!["owner_id"];
    assert.notEqual(owner_id, user_id);
    for (const table of ["dossiers", "dossier_assertions", "sessions"]) {
      const rows = await target.select(table, { project_id });
      assert.deepEqual([...new Set(rows.map((row) => row["owner_id"]))], [owner_id], table);
    }
    const codes = await write(6, (writer) =>
      soon(8, async () => {
        const found = [assertion(`late ${writer}`, { message_id })];
        if (writer === 0) {
          await target.asOwner("delete from public.projects where project_id = $1", [project_id]);
          return "deleted";
        }
        return commit(target, project_id, 0, found).then(
          () => "added",
          (error) => error.code,
        );
      }),
    );
    assert.ok(codes.every((code) => ["added", "deleted", "not_found"].includes(code)), `${codes}`);
    assert.deepEqual(await target.select("dossier_assertions", { project_id }), []);
  }
});
