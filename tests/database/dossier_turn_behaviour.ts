// The dossier's state in turns, in either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { context } from "./actions.ts";
import { assertion, commit, snapshot } from "./dossiers.ts";
import { claimReading, commitReading } from "./extractions.ts";
import { ask } from "./lists.ts";
import type { Target } from "./target.ts";
import { begin, finish, newUser, only, refusal, say } from "./turns.ts";

export function describeDossierTurns(target: () => Target): void {
  const asking = { dossier: true, dossier_heading: "Known: " };

  test("a turn that asks for it is told the dossier, others nothing of it", async () => {
    const user = newUser();
    const first = await begin(target(), user, asking);
    assert.deepEqual(first["dossier"], {
      version: 0,
      told: "",
      pending: false,
      updated: false,
    });
    const finished = await finish(target(), first, { extract: true });
    assert.deepEqual(finished["dossier"], { version: 0, pending: true, updated: false });
    const { session_id, project_id } = first;
    const task = (await claimReading(target(), first))!;
    const facts = { text: "A fox.", fact_ids: ["a".repeat(64)] };
    const told = snapshot("A fox.");
    await commitReading(target(), task, [assertion("a fox")], { snapshot: told, facts });
    await commit(target(), project_id, 1, [assertion("a crow")]);

    const second = await begin(target(), user, { session_id, ...asking });
    assert.deepEqual(second["dossier"], {
      version: 2,
      told: "Known: A fox.",
      pending: false,
      updated: true,
    });
    await finish(target(), second);
    const third = await begin(target(), user, { session_id, ...asking });
    assert.deepEqual([third["dossier"]["version"], third["dossier"]["updated"]], [2, false]);
    await commit(target(), project_id, 2, [assertion("a hare")]);
    const ended = await finish(target(), third);
    assert.deepEqual(ended["dossier"], { version: 3, pending: false, updated: true });
    const again = await finish(target(), third);
    assert.deepEqual([again["already"], again["dossier"]], [true, ended["dossier"]]);

    const plain = await begin(target(), user, { session_id });
    assert.ok(!("dossier" in plain) && !("dossier" in (await finish(target(), plain))));
    const relay = await begin(target(), user, { kind: "relay", external_id: "d", ...asking });
    assert.ok(!("dossier" in relay) && !("dossier" in (await finish(target(), relay))));
  });

  test("another conversation of the project tells what has changed since its own last turn", async () => {
    const user = newUser();
    const one = await say(target(), user, "One?", "One.", asking);
    const { project_id } = one;
    await commit(target(), project_id, 0, [assertion("a fox")]);
    const other = await begin(target(), user, { project_id, ...asking });
    assert.deepEqual([other["dossier"]["version"], other["dossier"]["updated"]], [1, false]);
    const back = await begin(target(), user, { session_id: one["session_id"], ...asking });
    assert.equal(back["dossier"]["updated"], true);
  });

  test("a context has the facts that the model was sent, also those that are gone", async () => {
    const user = newUser();
    const first = await say(target(), user, "Who?", "A fox.");
    const { project_id, session_id, message_id } = first;
    assert.deepEqual((await context(target(), user, message_id))["facts"], []);
    const fact = assertion("a fox", { message_id });
    await commit(target(), project_id, 0, [fact]);
    const turn = await begin(target(), user, { session_id, ...asking });
    const gone = "f".repeat(64);
    const dossier_facts = [fact["assertion_id"], gone];
    await finish(target(), turn, { dossier_facts });
    const { facts } = await context(target(), user, turn["message_id"]);
    assert.deepEqual(facts, [
      { fact_id: fact["assertion_id"], kind: "extracted", body: fact["body"], message_id },
      { fact_id: gone },
    ]);
    await ask(target(), user, "clear_dossier", { project_id });
    assert.deepEqual(
      (await context(target(), user, turn["message_id"]))["facts"],
      dossier_facts.map((fact_id) => ({ fact_id })),
    );
  });

  test("facts that are no ids of facts are refused, and the turn goes on", async () => {
    const turn = await begin(target(), newUser());
    for (const dossier_facts of [{}, "a", [1], [null], ["A".repeat(64)], [["a".repeat(64)]]]) {
      await assert.rejects(
        finish(target(), turn, { dossier_facts }),
        refusal(422, "invalid_request"),
        JSON.stringify(dossier_facts),
      );
    }
    const { generation_id } = turn;
    assert.equal((await only(target(), "generations", { generation_id }))["status"], "streaming");
    assert.equal((await finish(target(), turn, { dossier_facts: [] }))["status"], "complete");
  });
}
