// The ledger of calls to models compared with the model's own counts; and work that is done by the
// request that waits for it, without a scheduler.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, test } from "node:test";
import type { Row } from "./backend.ts";
import { talk } from "./chat.ts";
import { answerOf, character, isExtraction, NOTHING_FOUND } from "./extractor.ts";
import type { Reply } from "./scripted_model.ts";
import { onBothRuntimes } from "./stack.ts";
import { hs256, userClaims } from "./tokens.ts";
import { until } from "./wait.ts";

onBothRuntimes("model calls", (stack) => {
  const model = () => stack().backend.model;
  afterEach(() => model().scriptOthers((reply) => reply.refuse(500, "{}")));

  /** Counts the model's tokens and requests since it was constructed. */
  class Count {
    input = 0;
    output = 0;
    readonly #before = model().count;

    finish(reply: Reply): void {
      const [input, output] = [1, 2].map(() => 1 + Math.floor(Math.random() * 1000)) as [number, number];
      this.input += input;
      this.output += output;
      reply.finish(input, output);
    }
    get requests(): number {
      return model().count - this.#before;
    }
  }

  async function request(method: string, path: string, token: string, body?: Row): Promise<Row> {
    const response = await fetch(new URL(path, `${stack().url}/functions/v1/`), {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, text);
    return JSON.parse(text) as Row;
  }

  async function runTasks(): Promise<Row> {
    const response = await fetch(`${stack().url}/functions/v1/tasks/run`, {
      method: "POST",
      headers: { apikey: stack().backend.keys.secretKey },
    });
    assert.equal(response.status, 200);
    return (await response.json()) as Row;
  }

  const newToken = () => hs256(userClaims(randomUUID()), stack().backend.keys.jwtSecret);
  const sum = (rows: Row[], column: string) =>
    rows.reduce((total, row) => total + (row[column] ?? 0), 0);

  test("the ledger has the tokens that the model has counted, of turns, retries, extraction and an import", async () => {
    const token = newToken();
    const count = new Count();
    const said = `${randomUUID()} Mara is 30 years old.`;
    let refusals = 1;
    model().script(said, (reply) => {
      if (refusals-- > 0) return reply.refuse(503, '{"error":{"message":"busy"}}');
      reply.text("I see. And then?");
      count.finish(reply);
    });
    // An extractor that first ignores the required format, and is unavailable once.
    let answers = 0;
    model().scriptOthers((reply) => {
      assert.ok(isExtraction(reply.request.messages) || answers > 0);
      answers += 1;
      if (answers === 3) return reply.refuse(503, '{"error":{"message":"busy"}}');
      reply.text(answers === 1 ? "Mara is 30." : NOTHING_FOUND);
      count.finish(reply);
    });
    const turn = await talk(stack(), { text: said }, { token });
    assert.deepEqual(turn.events.ending, ["metadata", "done"]);
    assert.deepEqual(await runTasks(), { done: 1, failed: 0, left: false, failures: [] });

    const { project_id } = await request("POST", "projects", token, { name: "The Sea" });
    const text = ["One", "Two", "Three"].map((name) => `## ${name}\n\nMara came home. ${"On. ".repeat(200)}`);
    await request("POST", `dossier/${project_id}/import`, token, { text: text.join("\n\n") });
    for (let left: unknown = true; left === true; ) ({ left } = await runTasks());

    const calls = await stack().backend.rows("model_calls", {
      owner_id: turn.events.metadata["user_id"],
    });
    assert.equal(calls.length, count.requests);
    assert.deepEqual(
      [sum(calls, "input_tokens"), sum(calls, "output_tokens")],
      [count.input, count.output],
    );
    const of = (kind: string) => calls.filter((call) => call["kind"] === kind);
    assert.deepEqual(
      of("chat").map(({ status, place, job_id }) => [status, place, job_id]).sort(),
      [
        ["complete", 2, null],
        ["failed", 1, null],
      ],
    );
    assert.ok(of("dossier_extraction").length >= 2);
    assert.ok(of("dossier_import").length >= 3);
    assert.ok(calls.every(({ kind, job_id }) => (job_id === null) === (kind === "chat")));
    const usage = await stack().backend.rows("usage", { owner_id: turn.events.metadata["user_id"] });
    assert.equal(usage.length, 2);
  });

  test("who waits for the dossier has it read, though nobody calls for work", async () => {
    const said = `${randomUUID()} Ada is 71.`;
    model().tell(said, ["I see."]);
    model().scriptOthers((reply) => {
      assert.ok(isExtraction(reply.request.messages));
      reply.text(answerOf(character("Ada", "Ada", ["age", "71", "Ada is 71"])));
      reply.finish();
    });
    const token = newToken();
    const turn = await talk(stack(), { text: said, await_dossier: true }, { token });
    assert.deepEqual(turn.events.ending, ["metadata", "metadata", "done"]);
    const told = turn.events.all.flatMap(({ type, metadata }) => (type === "metadata" ? [metadata] : []));
    assert.deepEqual(told.map(({ dossier_pending }) => dossier_pending), [true, false]);
    const { project_id } = turn.events.metadata;
    const { snapshot_json } = await request("GET", `dossier/${project_id}`, token);
    assert.deepEqual(snapshot_json.characters.map(({ name, age }: Row) => [name, age]), [["Ada", "71"]]);
  });

  test("an import goes on while somebody looks at it, though nobody calls for work", async () => {
    let asked = 0;
    model().scriptOthers((reply) => {
      asked += 1;
      reply.text(NOTHING_FOUND);
      reply.finish();
    });
    const token = newToken();
    const { project_id } = await request("POST", "projects", token, { name: "The Sea" });
    const text = ["One", "Two"].map((name) => `## ${name}\n\nMara came home. ${"On. ".repeat(200)}`);
    const { status_url, steps } = await request("POST", `dossier/${project_id}/import`, token, {
      text: text.join("\n\n"),
    });
    await until(
      "the end of the import",
      async () => (await request("GET", status_url, token))["status"] === "done",
    );
    assert.equal(asked, steps, "each step once");
  });
});
