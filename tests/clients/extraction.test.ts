// Conversations that are read for their dossier: their facts are in it soon after, prompts contain
// them, people's own edits stay, and the work of a dead worker is done after it, once.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, test } from "node:test";
import { startMaintenance } from "../../scripts/local/maintenance.ts";
import type { Row } from "./backend.ts";
import { talk, type Turn } from "./chat.ts";
import { character, Extractor } from "./extractor.ts";
import { onEachRuntime, Stack } from "./stack.ts";
import { makeGate, until } from "./wait.ts";

interface Conversation {
  sessionId: string;
  token: string;
  projectId: string;
}

const newConversation = (): Conversation => ({ sessionId: "", token: "", projectId: "" });

onEachRuntime("extraction", (stack) => {
  const model = () => stack().backend.model;
  const end: (() => void)[] = [];
  afterEach(() => {
    for (const stop of end.splice(0)) stop();
    model().scriptOthers((reply) => reply.refuse(500, "{}"));
  });

  /** Like the development server: work is done soon after it appears. */
  function work(): void {
    const stop = startMaintenance({
      databaseUrl: () => stack().backend.databaseUrl,
      functionsUrl: () => stack().functions.url,
      secretKey: stack().backend.keys.secretKey,
      log: () => {},
      tasksEveryMs: 50,
    });
    end.push(stop);
  }

  async function say(
    conversation: Conversation,
    text: string,
    more: object = {},
    on = stack(),
  ): Promise<Turn> {
    model().tell(text, ["I see. ", "And then?"]);
    const { sessionId, token } = conversation;
    const turn = await talk(
      on,
      { text, ...(sessionId && { session_id: sessionId }), ...more },
      token ? { token } : {},
    );
    assert.equal(turn.events.ending.at(-1), "done");
    conversation.sessionId = turn.sessionId;
    conversation.token ||= turn.guestToken;
    conversation.projectId = turn.events.metadata["project_id"];
    return turn;
  }

  async function dossier(
    { projectId, token }: Conversation,
    path = "",
    method = "GET",
    body?: object,
  ): Promise<Row> {
    const response = await fetch(`${stack().url}/functions/v1/dossier/${projectId}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Row;
  }

  const metadataOf = (turn: Turn): Row[] =>
    turn.events.all.filter(({ type }) => type === "metadata").map(({ metadata }) => metadata);
  const systemOf = (prompt: string): string =>
    model().replies(prompt).at(-1)!.request.messages[0]!.content;

  test("twenty turns with edits by hand in between: it keeps up, and nothing typed is changed", async () => {
    const extractor = new Extractor(model());
    work();
    const conversation = newConversation();
    const typed: Record<string, string> = {};
    const people: string[] = [];
    for (let number = 1; number <= 20; number += 1) {
      // No two of these names look like each other.
      const name = `${"BCDFGHJKLMNPQRSTVWXZ"[number - 1]}${"aeiou"[number % 5]}${"ndrlt"[(number * 3) % 5]}${"oia"[number % 3]}`;
      people.push(name);
      const sentence = `${name} is ${20 + number} years old.`;
      const age = `${20 + number} years`;
      extractor.knows(sentence, character(name, name, ["age", `${20 + number}`, age]));
      const challenge = people[number - 5];
      const other = challenge === undefined ? "" : ` ${challenge} is tall.`;
      if (challenge !== undefined) {
        extractor.knows(
          `${challenge} is tall.`,
          character(challenge, challenge, ["description", "tall", `${challenge} is tall`]),
        );
      }
      const turn = await say(conversation, sentence + other, { await_dossier: true });
      const [first, second, ...further] = metadataOf(turn);
      assert.equal(further.length, 0);
      assert.equal(first!["dossier_version"] < second!["dossier_version"], true);
      assert.deepEqual([second!["dossier_pending"], second!["dossier_updated"]], [false, number > 1]);

      const { snapshot_json } = await dossier(conversation);
      const shown = new Map<string, Row>(snapshot_json["characters"].map((one: Row) => [one["name"], one]));
      assert.deepEqual([...shown.keys()], people, `after ${number} turns`);
      assert.equal(shown.get(name)!["age"], `${20 + number}`);
      for (const [edited, description] of Object.entries(typed)) {
        assert.equal(shown.get(edited)!["description"], description, "it was typed");
      }
      if (number % 4 === 0) {
        typed[name] = `Typed by hand after turn ${number}.`;
        const edit = { characters: [{ name, description: typed[name] }] };
        await dossier(conversation, "", "PATCH", { snapshot_json: edit });
      }
    }
    for (const asked of people.map((name, at) => `${name} is ${21 + at} years old.`)) {
      assert.equal(extractor.timesAsked(asked), 1, asked);
    }
    const text = JSON.stringify(await dossier(conversation));
    assert.ok(!text.includes("Nobody"), "what nobody has said is not in it");
    const facts: Row = await dossier(conversation, "/provenance?limit=100");
    for (const fact of facts as Row[]) {
      if (fact["kind"] !== "extracted") continue;
      const messages = await stack().backend.rows("messages", { message_id: fact["message_id"] });
      const [begin, last] = fact["span"];
      const bytes = Buffer.from(messages[0]!["content"]);
      assert.equal(bytes.subarray(begin, last).toString(), fact["quote"]);
    }
  });

  test("the next prompt is told what is known, and its context tells which facts", async () => {
    const extractor = new Extractor(model());
    work();
    const conversation = newConversation();
    const sentence = `Mara is 34 years old. ${randomUUID()}`;
    extractor.knows(sentence, character("Mara", "Mara", ["age", "34", "34 years"]));
    await say(conversation, sentence, { await_dossier: true });
    const prompt = `Thanks ${"!".repeat(7)}`;
    const turn = await say(conversation, prompt);
    const system = systemOf(prompt);
    assert.match(system, /# What is known of the story/);
    assert.match(system, /- character: Mara; age: 34/);
    const { message_id, dossier_pending } = turn.events.metadata;
    assert.equal(dossier_pending, false, "there is nothing to read in thanks");
    const response = await fetch(
      `${stack().url}/functions/v1/chat/messages/${message_id}/context`,
      { headers: { authorization: `Bearer ${conversation.token}` } },
    );
    const context = (await response.json()) as Row;
    assert.equal(context["system_prompt"], system);
    const stored = await stack().backend.rows("dossier_assertions", {
      project_id: conversation.projectId,
    });
    assert.deepEqual(
      context["facts"].map(({ fact_id }: Row) => fact_id).sort(),
      stored.map(({ assertion_id }) => assertion_id).sort(),
    );
  });

  test("the reply waits for nothing: its end is told while the extractor still thinks", async () => {
    const extractor = new Extractor(model());
    const gate = makeGate();
    extractor.beforeAnswering = () => gate.opened;
    work();
    const conversation = newConversation();
    const sentence = `Nora is 12 years old. ${randomUUID()}`;
    extractor.knows(sentence, character("Nora", "Nora"));
    const turn = await say(conversation, sentence);
    assert.equal(turn.events.metadata["dossier_pending"], true);
    await until("the extractor", () => extractor.asked.length === 1);
    assert.deepEqual((await dossier(conversation))["snapshot_json"]["characters"], []);
    gate.open();
    await until("the dossier", async () => {
      const { snapshot_json } = await dossier(conversation);
      return snapshot_json["characters"].length === 1;
    });
  });

  test("what a take says is shown while it is on the path, and told", async () => {
    const extractor = new Extractor(model());
    work();
    const conversation = newConversation();
    const first = `Tom is 40 years old. ${randomUUID()}`;
    extractor.knows(first, character("Tom", "Tom", ["age", "40", "40 years"]));
    const turn = await say(conversation, first, { await_dossier: true });
    const second = `Tom is 50 years old. ${randomUUID()}`;
    extractor.knows(second, character("Tom", "Tom", ["age", "50", "50 years"]));
    const edit_from_message_id = turn.events.metadata["user_message_id"];
    await say(conversation, second, { edit_from_message_id, await_dossier: true });
    assert.doesNotMatch(systemOf(second), /age: 40/);
    const { snapshot_json } = await dossier(conversation);
    assert.deepEqual(
      [snapshot_json["characters"].map(({ age }: Row) => age), snapshot_json["open_questions"]],
      [["50"], []],
    );
  });

  test("killed between reply and extraction, and while it reads: read after a restart, once", async () => {
    const { backend, runtime } = stack();
    const extractor = new Extractor(model());
    const gate = makeGate();
    extractor.beforeAnswering = () => (extractor.asked.length === 1 ? gate.opened : Promise.resolve());
    const run = async (on: Stack): Promise<Row> => {
      const response = await fetch(`${on.url}/functions/v1/tasks/run`, {
        method: "POST",
        headers: { apikey: backend.keys.secretKey },
      });
      assert.equal(response.status, 200);
      return (await response.json()) as Row;
    };
    const kill = async (killed: Stack) => {
      process.kill(killed.functions.processId, "SIGKILL");
      await killed.stop();
    };
    const conversation = newConversation();
    const sentence = `Ada is 71 years old. ${randomUUID()}`;
    extractor.knows(sentence, character("Ada", "Ada", ["age", "71", "71 years"]));

    const first = await Stack.start(runtime, backend);
    await say(conversation, sentence, {}, first);
    await kill(first);

    const second = await Stack.start(runtime, backend);
    const lost = Promise.allSettled([run(second)]);
    await until("the extractor", () => extractor.asked.length === 1);
    await kill(second);
    assert.equal((await lost)[0]!.status, "rejected");
    gate.open();
    assert.deepEqual((await dossier(conversation))["version"], 0);

    const { sessionId } = conversation;
    await backend.makeStepsDue({ session_id: sessionId });
    const third = await Stack.start(runtime, backend);
    try {
      const runs = await Promise.all([run(third), run(third)]);
      assert.equal(runs[0]!["done"] + runs[1]!["done"], 1);
      assert.deepEqual(await run(third), { done: 0, failed: 0, left: false, failures: [] });
    } finally {
      await third.stop();
    }
    assert.equal(extractor.timesAsked(sentence), 2, "once in vain");
    const { snapshot_json, version } = await dossier(conversation);
    assert.deepEqual(snapshot_json["characters"].map(({ name, age }: Row) => [name, age]), [["Ada", "71"]]);
    assert.equal(version, 2);
  });
});
