// The text that people may store by their plans, on a real PostgreSQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chance } from "../chance.ts";
import { guestOf, migrate, personOf, type Person } from "./accounts.ts";
import { editReply, retake } from "./actions.ts";
import { split, times } from "./at_once.ts";
import { assertion, commit, newProject } from "./dossiers.ts";
import { eraseAll } from "./erasures.ts";
import { startImport } from "./imports.ts";
import { ask } from "./lists.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { countedBytes, trueBytes } from "./stored_bytes.ts";
import { beginStory, ofStory } from "./stories.ts";
import { Refusal, type Row } from "./target.ts";
import { begin, newUser, refusal, say } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const text = (most = 5000): string => "ж".repeat(1 + Math.floor(chance() * most));
const pick = <T>(list: T[]): T => list[Math.floor(chance() * list.length)]!;

/** Gives the principal a plan with room for so many bytes, or for any number. */
async function makeRoom(person: Person, stored_bytes: number | null): Promise<void> {
  const plan_name = `room_${person.id.slice(0, 8)}`;
  const body = { calls_a_month: null, tokens_a_month: null, images_a_month: null, stored_bytes };
  await target.call("save_plan", { plan_name, body });
  await target.call("set_plan", { user_id: person.id, body: { plan: plan_name } });
}

/** Everything that a person may do with texts, each with random ones. */
function acts(person: Person, sessions: string[], projects: string[]): Record<string, () => Promise<unknown>> {
  const { principal } = person;
  const turnIn = (changes: Row = {}) => say(target, principal, text(), text(), { admission: {}, ...changes });
  const rowsOf = async (sql: string): Promise<Row> => pick(await target.asOwner(sql, [person.id]));
  const reply = () =>
    rowsOf(`select m.message_id, m.session_id from public.messages m join public.sessions s using (session_id)
      where m.owner_id = $1 and m.role = 'assistant' and s.is_active and s.kind = 'chat'`);
  return {
    begins: async () => sessions.push((await turnIn())["session_id"]),
    continues: () => turnIn({ session_id: pick(sessions) }),
    editsReply: async () => editReply(target, principal, (await reply())["message_id"], text()),
    retakes: async () => {
      const { message_id } = await reply();
      await retake(target, principal, "regenerate", message_id, text(), { admission: {} });
    },
    makesProject: async () =>
      projects.push((await ask(target, principal, "create_project", {
        body: { name: text(100), instructions: text(2000) },
      }))["body"].project_id),
    changesProject: () =>
      ask(target, principal, "update_project", { project_id: pick(projects), body: { instructions: pick([null, text(2000)]) } }),
    deletesProject: () => ask(target, principal, "delete_project", { project_id: projects.pop() }),
    addsFacts: () =>
      commit(target, pick(projects), 0, [assertion(text()), assertion(text())], { principal }),
    clearsDossier: () => ask(target, principal, "clear_dossier", { project_id: pick(projects) }),
    imports: () => startImport(target, principal, pick(projects), [text(), text(), text()]),
    makesCharacter: () =>
      ask(target, principal, "save_character", { body: { name: "Ada", persona: text(), alternative_greetings: [text(), text()] } }),
    changesCharacter: async () => {
      const { character_id } = await rowsOf("select character_id from public.characters where owner_id = $1");
      await ask(target, principal, "update_character", { companion_id: character_id, body: { persona: text() } });
    },
    deletesCharacter: async () => {
      const { character_id } = await rowsOf("select character_id from public.characters where owner_id = $1");
      await ask(target, principal, "delete_character", { companion_id: character_id });
    },
    makesBot: () => ask(target, principal, "save_bot", { body: { model: "m", system: text() } }),
    writesPremise: async () => {
      const { project_id } = await beginStory(target, principal, "outline", { given: { premise: text() } });
      await ofStory(target, principal, "write_story_part", project_id, { part: "premise", body: { text: text(1000) } });
      projects.push(project_id);
    },
    beginsStory: () => beginStory(target, principal, "premise"),
    deletesSession: () => ask(target, principal, "delete_session", { session_id: sessions.pop() }),
  };
}

test("after a random life of texts the plan counts what is there, through deletions, moves and erasure", async (context) => {
  const guest = await guestOf(target);
  const account = await personOf(target, newUser());
  for (const person of [guest, account]) await makeRoom(person, null);
  const done: Record<string, number> = {};
  const live = async (person: Person, count: number) => {
    const sessions = [person.turn["session_id"] as string];
    const projects = [await newProject(target, person.principal)];
    const all = acts(person, sessions, projects);
    for (let act = 0; act < count; act += 1) {
      const name = pick(Object.keys(all));
      try {
        await all[name]!();
        done[name] = (done[name] ?? 0) + 1;
      } catch (error) {
        // There is nothing of this kind at the moment, or it is busy.
        if (!(error instanceof Refusal || error instanceof TypeError)) throw error;
      }
      if (sessions.length === 0) await all["begins"]!();
      if (projects.length === 0) await all["makesProject"]!();
    }
  };
  const check = async (person: Person, when: string) => {
    while ((await target.call("clean", {}))["left"]);
    const counted = await countedBytes(target, person.id);
    assert.equal(counted, await trueBytes(target, person.id), when);
    return counted;
  };
  await Promise.all([live(guest, 150), live(account, 150)]);
  context.diagnostic(JSON.stringify(done));
  assert.ok(Object.keys(acts(guest, [], [])).every((name) => done[name]! > 0), JSON.stringify(done));
  const [ofGuest, ofAccount] = [await check(guest, "a guest's life"), await check(account, "a user's life")];
  assert.ok(ofGuest > 100_000 && ofAccount > 100_000);

  await migrate(target, account, guest);
  assert.equal(await countedBytes(target, guest.id), 0);
  assert.equal(await check(account, "the guest has moved"), ofGuest + ofAccount);
  const usage = (await target.call("read_usage", { principal: account.principal }))["body"];
  assert.deepEqual(usage.stored, { bytes: ofGuest + ofAccount, limit_bytes: null });

  // Few rows are left of the changes by many turns.
  for (let turn = 0; turn < 70; turn += 1) await say(target, account.principal, "a", "b", { admission: {} });
  const rows = await target.select("stored_byte_changes", { owner_id: account.id });
  assert.ok(rows.length < 140, `${rows.length} rows`);
  await check(account, "many turns");

  // A deleted session counts no longer, and its erasure takes nothing away a second time.
  await target.call("delete_sessions", { principal: account.principal });
  const withoutSessions = await check(account, "all sessions are deleted");
  await target.asOwner("update public.sessions set updated_at = now() - interval '60 days' where owner_id = $1", [account.id]);
  assert.equal(await check(account, "they are erased"), withoutSessions);
  assert.deepEqual(await target.select("sessions", { owner_id: account.id, is_active: false }), []);

  await target.call("delete_account", { principal: account.principal });
  await eraseAll(target, 100);
  assert.deepEqual(await target.select("stored_byte_changes", { owner_id: account.id }), []);
});

test("a full plan refuses each text before it is stored, says what helps, and lets people delete", async () => {
  const person = await personOf(target, newUser());
  const { principal } = person;
  const project_id = await newProject(target, principal);
  const { character_id } = (await ask(target, principal, "save_character", { body: { name: "Ada", persona: text() } }))["body"];
  const message_id = person.turn["message_id"];
  const story = await beginStory(target, principal, "outline", { given: { premise: "A fox." } });
  const room = (await countedBytes(target, person.id)) + 200;
  await makeRoom(person, room);
  const counted = await countedBytes(target, person.id);
  const long = "long ".repeat(2000);
  const refused: Record<string, () => Promise<unknown>> = {
    turn: () => begin(target, principal, { text: long, admission: {} }),
    import: () => startImport(target, principal, project_id, [long]),
    facts: () => commit(target, project_id, 0, [assertion(long)], { principal }),
    character: () => ask(target, principal, "save_character", { body: { name: "Bo", persona: long } }),
    changedCharacter: () => ask(target, principal, "update_character", { companion_id: character_id, body: { persona: text() + long } }),
    project: () => ask(target, principal, "create_project", { body: { name: "New", instructions: long.slice(0, 8000) } }),
    changedProject: () => ask(target, principal, "update_project", { project_id, body: { instructions: long.slice(0, 8000) } }),
    bot: () => ask(target, principal, "save_bot", { body: { model: "m", system: long } }),
    edit: () => editReply(target, principal, message_id, long),
    premise: () => ofStory(target, principal, "write_story_part", story["project_id"], { part: "premise", body: { text: long.slice(0, 2000) } }),
    story: () => beginStory(target, principal, "outline", { given: { premise: long } }),
  };
  for (const [name, attempt] of Object.entries(refused)) {
    await assert.rejects(attempt(), (error: Refusal) => {
      assert.deepEqual([error.status, error.code], [429, "plan_exceeded"], `${name}: ${error.message}`);
      assert.match(error.message, /room for \d+ bytes of text, .+: delete conversations/);
      const { members, retry_after_s } = JSON.parse(error.hint);
      assert.equal(members.stored.limit_bytes, room);
      assert.ok(members.stored.bytes > room && retry_after_s > 0 && members.usage && members.limit);
      return true;
    });
  }
  assert.equal(await countedBytes(target, person.id), counted, "nothing was stored");
  assert.equal(await trueBytes(target, person.id), counted);

  // Full to the last byte: what adds nothing, decides or deletes is done; no turn begins.
  await makeRoom(person, 10);
  await assert.rejects(begin(target, principal, { session_id: person.turn["session_id"], text: "Hi", admission: {} }),
    refusal(429, "plan_exceeded"));
  await ask(target, principal, "update_project", { project_id, body: { name: "S" } });
  await commit(target, project_id, 0, [assertion("small")], { principal });
  await ask(target, principal, "delete_character", { companion_id: character_id });
  await target.call("delete_sessions", { principal });
  for (const id of [project_id, story["project_id"], person.turn["project_id"]]) {
    if (id) await ask(target, principal, "delete_project", { project_id: id });
  }
  while ((await target.call("clean", {}))["left"]);
  assert.equal(await countedBytes(target, person.id), await trueBytes(target, person.id));
  await makeRoom(person, 5000);
  await begin(target, principal, { text: "Once more.", admission: {} });
});

test("fifty texts at once at the edge of the room: exactly what fits is stored", async () => {
  const person = await personOf(target, newUser());
  const counted = () => countedBytes(target, person.id);
  const before = await counted();
  await begin(target, person.principal, { text: "x".repeat(1000), admission: {} });
  const size = (await counted()) - before;
  assert.ok(size >= 1000);
  await makeRoom(person, (await counted()) + 7 * size + size - 1);
  const { answers, refusals } = split(
    await times(50, () => begin(target, person.principal, { text: "x".repeat(1000), admission: {} })),
  );
  assert.deepEqual([answers.length, refusals], [7, Array(43).fill("plan_exceeded")]);
  assert.equal(await counted(), await trueBytes(target, person.id));
});
