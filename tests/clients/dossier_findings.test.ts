// A dossier that models fill and people correct: quotes, questions, proposals, who is who, locks, and
// the path that the conversation takes.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { PlainApi, type Api, type Method } from "./api.ts";
import type { Row } from "./backend.ts";
import { fact, find, mention } from "./dossier_log.ts";
import { onEachRuntime } from "./stack.ts";

const TEXT = "Mara is 30. Mara keeps the light. John is her brother; John drinks.";

onEachRuntime("dossiers with findings", (stack) => {
  let api: Api;
  let turn: Row;
  let path: string;
  let deliveries = 0;
  before(async () => {
    api = new PlainApi(stack());
    await api.signUp();
    stack().backend.model.tell(TEXT, ["And then?"]);
    turn = (await api.stream("chat", { text: TEXT })).events.metadata;
    path = `dossier/${turn["project_id"]}`;
  });

  async function done(method: Method, below: string, body?: object): Promise<any> {
    const answer = await api.call(method, `${path}${below}`, body ? { body } : {});
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
  const shown = async (): Promise<Row> => (await done("GET", ""))["snapshot_json"];
  const named = async (name: string): Promise<Row[]> =>
    (await shown())["characters"].filter((one: Row) => one["name"] === name);
  function found(said: Row[], more: Row = {}): Promise<Row[]> {
    const { project_id, user_message_id: message_id } = turn;
    deliveries += 1;
    const place = { at: 1_700_000_000_000 + deliveries, delivery: `${message_id}:${deliveries}` };
    return find(stack(), { project_id, message_id, text: TEXT, ...place, ...more } as any, said);
  }

  test("what was found is shown, with the message and its words", async () => {
    const entries = await found([
      mention("Mara", "Mara is 30"),
      fact("Mara", "age", "30", "Mara is 30"),
    ]);
    const { characters } = await shown();
    assert.deepEqual([characters[0]["name"], characters[0]["age"]], ["Mara", "30"]);
    const facts: Row[] = await done("GET", `/provenance?target=${characters[0]["id"]}`);
    const age = facts.find(({ field }) => field === "age")!;
    assert.deepEqual(
      { ...age, at: undefined },
      {
        fact_id: entries[1]!["assertion_id"],
        target: characters[0]["id"],
        type: "character",
        field: "age",
        value: "30",
        kind: "extracted",
        message_id: turn["user_message_id"],
        import: null,
        span: [0, 10],
        quote: "Mara is 30",
        model: "scripted:a-model",
        prompt: "1",
        at: undefined,
      },
    );
    const [version] = await done("GET", "/versions");
    assert.deepEqual([version["kind"], version["entries"]], ["extracted", 2]);
  });

  test("two values are a question, which a person answers", async () => {
    await found([mention("Mara", "Mara keeps"), fact("Mara", "age", "34", "Mara keeps the light")]);
    const [question] = await done("GET", "/questions");
    assert.deepEqual(
      [question["kind"], question["field"], question["values"].map((value: Row) => value["value"])],
      ["contradiction", "age", ["30", "34"]],
    );
    assert.equal((await named("Mara"))[0]!["age"], "30", "the first one is shown meanwhile");
    assert.deepEqual((await shown())["open_questions"], [question]);
    const choose = question["values"][1]["entry"];
    const below = `/questions/${question["id"]}/resolve`;
    const answered = await done("POST", below, { choose });
    assert.deepEqual(answered["snapshot_json"]["open_questions"], []);
    assert.equal((await named("Mara"))[0]!["age"], "34");
    const again = await api.call("POST", `${path}${below}`, { body: { choose } });
    assert.deepEqual([again.status, again.body["code"]], [404, "not_found"]);
  });

  test("what a person has written no model writes over", async () => {
    const [mara] = await named("Mara");
    await done("PATCH", "", { snapshot_json: { characters: [{ id: mara!["id"], age: "36" }] } });
    await found([mention("Mara", "Mara is 30"), fact("Mara", "age", "77", "Mara keeps the light")]);
    assert.equal((await named("Mara"))[0]!["age"], "36");
    const occupied = (as: string) =>
      found([mention("Mara", "Mara is 30"), fact("Mara", "occupation", as, "Mara keeps the light")]);
    const occupation = async () => (await named("Mara"))[0]!["occupation"];
    await occupied("keeper");
    await done("POST", "/lock", { id: mara!["id"], field: "occupation" });
    await occupied("baker");
    assert.equal(await occupation(), "keeper");
    assert.deepEqual((await named("Mara"))[0]!["locked"], ["occupation"]);
    await done("POST", "/unlock", { id: mara!["id"], field: "occupation" });
    assert.equal((await named("Mara"))[0]!["locked"], undefined);
    assert.equal(await occupation(), "baker", "the last word counts again");
  });

  test("who is who is said by people, and remembered", async () => {
    const [entry] = await found([mention("John", "John is her brother")]);
    const [other] = await found([mention("John", "John drinks")]);
    const [john] = await named("John");
    const parts = [{ mentions: [other!["assertion_id"]] }];
    await done("POST", `/characters/${john!["id"]}/split`, { parts });
    const two = await named("John");
    assert.equal(two.length, 2);
    assert.equal(two[0]!["id"], entry!["assertion_id"].slice(0, 16));
    const ids = two.map(({ id }) => id);
    await done("POST", "/characters/merge", { ids, same: true });
    assert.equal((await named("John")).length, 1);
    const nobody = { ids: [ids[0], "0".repeat(16)] };
    const wrong = await api.call("POST", `${path}/characters/merge`, { body: nobody });
    assert.deepEqual([wrong.status, wrong.body["code"]], [404, "not_found"]);
  });

  test("a proposal counts once it is accepted", async () => {
    await found([mention("Edda", "her brother", { proposal: "one" })]);
    await found([mention("Nobody", "her brother", { proposal: "two" })]);
    assert.deepEqual([await named("Edda"), await named("Nobody")], [[], []]);
    const proposals: Row[] = await done("GET", "/proposals");
    assert.deepEqual(
      proposals.map(({ id, status }) => [id, status]),
      [
        ["one", "proposed"],
        ["two", "proposed"],
      ],
    );
    await done("POST", "/proposals/one/accept");
    await done("POST", "/proposals/two/reject");
    assert.deepEqual([(await named("Edda")).length, await named("Nobody")], [1, []]);
    const decided: Row[] = await done("GET", "/proposals");
    assert.deepEqual(
      decided.map(({ status }) => status),
      ["accepted", "rejected"],
    );
    const unknown = await api.call("POST", `${path}/proposals/three/accept`);
    assert.deepEqual([unknown.status, unknown.body["code"]], [404, "not_found"]);
  });

  test("what was found in a take goes with it, and comes back with it", async () => {
    const { message_id } = turn;
    const reply = "And then?";
    await found([mention("Reynard", "then")], { message_id, text: reply });
    assert.equal((await named("Reynard")).length, 1);
    await api.stream(`chat/messages/${message_id}/regenerate`);
    assert.deepEqual(await named("Reynard"), []);
    const selected = await api.call("POST", `chat/messages/${message_id}/select`);
    assert.equal(selected.status, 200);
    assert.equal((await named("Reynard")).length, 1);
    const kinds = (await done("GET", "/versions?limit=2")).map((version: Row) => version["kind"]);
    assert.deepEqual(kinds, ["path", "path"]);
  });

  test("what has happened is told change by change, the newest first", async () => {
    const answer = await api.call("GET", `${path}/history?limit=5&offset=1`);
    assert.equal(answer.body.length, 5);
    assert.equal(answer.headers.get("x-total-count"), answer.headers.get("content-range")!.split("/")[1]);
    const all: Row[] = await done("GET", "/history?limit=100");
    assert.deepEqual(all.slice(1, 6), answer.body);
    const acts = new Set(all.flatMap(({ entries }) => entries.map((entry: Row) => entry["do"])));
    for (const act of ["mention", "fact", "resolve", "lock", "unlock", "split", "same", "path"]) {
      assert.ok(acts.has(act), act);
    }
  });
});
