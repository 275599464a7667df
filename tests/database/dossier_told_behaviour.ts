// The dossier's text in a prompt, in either database: as stored with the snapshot, without facts from
// abandoned messages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { act, context, select } from "./actions.ts";
import { assertion, commit, snapshot } from "./dossiers.ts";
import { claimReading, commitReading, partsOf, tell } from "./extractions.ts";
import { ask } from "./lists.ts";
import type { Row, Target } from "./target.ts";
import { begin, finish, newUser, say } from "./turns.ts";

type Fact = [unknown, unknown];

/** Facts as shared/dossier makes them: lines of parts, each with its facts. */
function factsOf(...lines: [string, ...Fact[]][][]): Row {
  return {
    text: lines.map((parts) => `- ${parts.map(([text]) => text).join("")}`).join("\n"),
    fact_ids: [...new Set(lines.flat().flatMap(([, ...facts]) => facts.map(([id]) => id)))],
    lines: lines.map((parts) => ({ parts: parts.map(([text, ...facts]) => ({ text, facts })) })),
  };
}

export function describeWhatIsTold(target: () => Target): void {
  const asking = { dossier: true, dossier_heading: "\n\nKnown:\n", system_prompt: "Be kind." };

  test("what is known is sent after the prompt, kept with the turn, and its facts are told", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "A fox.");
    const { project_id, session_id, message_id } = turn;
    const fox = assertion("a fox", { message_id });
    const facts = factsOf([["character: Fox", [fox["assertion_id"], message_id]]]);
    await commit(target(), project_id, 0, [fox], { snapshot: snapshot("A fox."), facts });
    const next = await begin(target(), user, { session_id, ...asking });
    assert.equal(next["dossier"]["told"], "\n\nKnown:\n- character: Fox");
    await finish(target(), next);
    const sent = await context(target(), user, next["message_id"]);
    assert.equal(sent["system_prompt"], "Be kind.\n\nKnown:\n- character: Fox");
    assert.deepEqual(sent["facts"].map(({ fact_id }: Row) => fact_id), [fox["assertion_id"]]);
  });

  test("only lines that fit are told, and only their facts", async () => {
    const user = newUser();
    const { project_id, session_id } = await say(target(), user, "Who?", "A fox.");
    const [short, long] = ["a".repeat(64), "b".repeat(64)];
    const facts = factsOf([["Fox", [short, null]]], [["x".repeat(400), [long, null]]]);
    await commit(target(), project_id, 0, [assertion("a fox")], {
      snapshot: snapshot("A fox."),
      facts,
    });
    const budget = { session_id, history_budget_tokens: 100, ...asking };
    const next = await begin(target(), user, budget);
    assert.equal(next["dossier"]["told"], "\n\nKnown:\n- Fox");
    await finish(target(), next);
    const sent = await context(target(), user, next["message_id"]);
    assert.deepEqual(sent["facts"], [{ fact_id: short }]);
    const tiny = await begin(target(), user, { ...budget, history_budget_tokens: 0 });
    assert.equal(tiny["dossier"]["told"], "");
  });

  test("what only a take says that has left the path is not told, nor what hangs on it", async () => {
    const user = newUser();
    const turn = await say(target(), user, "Who?", "A fox.");
    const { project_id, session_id, user_message_id, message_id } = turn;
    const fox = assertion("a fox", { message_id });
    const crow = assertion("a crow", { message_id: user_message_id });
    const old = [fox["assertion_id"], message_id] as Fact;
    const stays = [crow["assertion_id"], user_message_id] as Fact;
    const facts = factsOf(
      [["Fox", old], ["; red", stays]],
      [["Crow", stays], ["; black", old], ["; loud", old, stays]],
      [["Something is missing."]],
    );
    await commit(target(), project_id, 0, [fox, crow], { snapshot: snapshot("Both."), facts });
    const other = await act(target(), user, "regenerate", message_id, asking);
    const left = "\n\nKnown:\n- Crow; loud\n- Something is missing.";
    assert.equal(other["dossier"]["told"], left);
    await finish(target(), other, { text: "A hare." });

    // Until it is folded; and it is work to fold it.
    const work = (await claimReading(target(), turn))!;
    assert.deepEqual([partsOf(work), work["before"]], [[], []]);
    await commitReading(target(), work, [], {
      snapshot: snapshot("A crow."),
      facts: factsOf([["Crow", stays]]),
    });
    const next = await begin(target(), user, { session_id, ...asking });
    assert.equal(next["dossier"]["told"], "\n\nKnown:\n- Crow");
    await finish(target(), next);
    await select(target(), user, message_id);
    assert.notEqual(await claimReading(target(), turn), null, "what has come back is folded too");
  });

  test("another take is read if the first one was, and only then", async () => {
    const user = newUser();
    const turn = await tell(target(), user, "Mara is 30.", "A fox.");
    await commitReading(target(), (await claimReading(target(), turn))!, []);
    const other = await act(target(), user, "regenerate", turn["message_id"]);
    await finish(target(), other, { text: "A hare." });
    assert.deepEqual(partsOf((await claimReading(target(), turn))!), [
      [other["message_id"], "A hare."],
    ]);
    const plain = await say(target(), user, "Thanks.", "You are welcome.");
    const again = await act(target(), user, "regenerate", plain["message_id"]);
    await finish(target(), again, { text: "Gladly." });
    assert.equal(await claimReading(target(), plain), null);
  });

  test("what was passed over before a dossier was cleared is not read for it afterwards", async () => {
    const user = newUser();
    const { project_id, session_id } = await say(target(), user, "Go on.", "A fox came.");
    await ask(target(), user, "clear_dossier", { project_id });
    const turn = await tell(target(), user, "Mara is 30.", "I see.", { session_id });
    assert.deepEqual(
      partsOf((await claimReading(target(), turn))!).map(([, text]) => text),
      ["Mara is 30.", "I see."],
    );
  });
}
