// The ledger of calls to models, on either database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestOf, migrate, personOf } from "./accounts.ts";
import { newProject } from "./dossiers.ts";
import { change, claimOne, commitOne, KIND, startJob } from "./jobs.ts";
import { ask } from "./lists.ts";
import { fail, leaseOf, wake } from "./tasks.ts";
import type { Row, Target } from "./target.ts";
import { append, begin, finish, newUser, say, silence } from "./turns.ts";

const CALL = {
  provider: "openrouter",
  model: "a-model",
  status: "complete",
  started_at: 1_700_000_000_500,
  latency_ms: 900,
  first_token_ms: 300,
  input_tokens: 100,
  cached_tokens: 60,
  cache_write_tokens: 5,
  output_tokens: 20,
  reasoning_tokens: 8,
  cost_usd: 0.00014,
  round: 1,
};
const FAILED = {
  provider: "local",
  model: "b-model",
  status: "failed",
  error_code: "provider_error",
  started_at: 1_700_000_000_000,
  latency_ms: 40,
};

export function describeModelCalls(target: () => Target): void {
  const callsOf = async (where: Row): Promise<Row[]> =>
    (await target().select("model_calls", where)).sort((one, other) => one["place"] - other["place"]);

  test("every attempt of a turn is a row, with all that the provider has told", async () => {
    const turn = await begin(target(), newUser());
    const { generation_id, user_id, project_id } = turn;
    const usage = { input_tokens: 100, output_tokens: 20 };
    await finish(target(), turn, { attempts: [FAILED, CALL], usage });
    await finish(target(), turn, { attempts: [CALL, CALL, CALL] });
    const [failed, made, ...others] = await callsOf({ generation_id });
    assert.deepEqual(others, []);
    for (const call of [failed!, made!]) {
      assert.deepEqual(
        [call["owner_id"], call["project_id"], call["kind"], call["job_id"]],
        [user_id, project_id, "chat", null],
      );
    }
    const { provider, model, status, error_code, output_tokens, is_estimated } = failed!;
    assert.deepEqual(
      [provider, model, status, error_code, failed!["input_tokens"], output_tokens, is_estimated],
      ["local", "b-model", "failed", "provider_error", null, 0, true],
    );
    const { started_at, cost_usd, ...told } = CALL;
    for (const [name, value] of Object.entries(told)) assert.equal(made![name], value, name);
    assert.equal(Number(made!["cost_usd"]), cost_usd);
    assert.equal(new Date(made!["started_at"]).getTime(), started_at);
    assert.equal(made!["is_estimated"], false);
  });

  test("what was made until a call was ended is estimated, and a turn that asked nobody has no row", async () => {
    const text = "Es war einmal ein Füchslein."; // 29 bytes: 8 tokens and 4 around them
    const turn = await begin(target(), newUser());
    const { input_tokens, output_tokens, ...stopped } = { ...CALL, status: "stopped" };
    await finish(target(), turn, { status: "stopped", text, attempts: [FAILED, stopped], usage: null });
    const calls = await callsOf({ generation_id: turn["generation_id"] });
    assert.deepEqual(
      calls.map((call) => [call["output_tokens"], call["is_estimated"], call["input_tokens"]]),
      [
        [0, true, null],
        [12, true, null],
      ],
    );
    const none = await begin(target(), newUser());
    await finish(target(), none, { status: "failed", text: "", attempts: [], usage: null });
    assert.deepEqual(await callsOf({ generation_id: none["generation_id"] }), []);
  });

  test("a turn whose writer has died is one call, until it tells better", async () => {
    const turn = await begin(target(), newUser());
    await append(target(), turn, 0, "Once upon a time.");
    await silence(target(), turn, 61);
    await target().call("reap_generations", { limit: 1000 });
    const [call, ...others] = await callsOf({ generation_id: turn["generation_id"] });
    assert.deepEqual(others, []);
    assert.deepEqual(
      [call!["status"], call!["model"], call!["output_tokens"], call!["is_estimated"]],
      ["interrupted", "a-model", 9, true],
    );
  });

  test("odd attempts spoil no turn", async () => {
    const turn = await begin(target(), newUser());
    const odd = {
      provider: "x".repeat(500),
      model: 7,
      status: "dreaming",
      started_at: "now",
      input_tokens: -4,
      output_tokens: 1e20,
      cost_usd: -1,
      round: 0,
    };
    await finish(target(), turn, { attempts: [odd, null, 7, { ...CALL, cost_usd: 1e30 }] });
    const [first, last] = await callsOf({ generation_id: turn["generation_id"] });
    assert.deepEqual(
      [first!["provider"].length, first!["model"], first!["status"], first!["input_tokens"]],
      [64, "7", "failed", 0],
    );
    assert.deepEqual([first!["output_tokens"], first!["round"]], [2_147_483_647, 1]);
    assert.equal(last!["place"], 4);
  });

  async function working() {
    const user = newUser();
    const project_id = await newProject(target(), user);
    const job = await startJob(target(), user, project_id);
    const { job_id } = job;
    return { user, project_id, job, job_id, next: () => claimOne(target(), { job_id }) };
  }

  test("calls of a step are rows of its job, however the attempt ends", async () => {
    const { project_id, job_id, next } = await working();
    const first = (await next())!;
    await fail(target(), first, { calls: [FAILED, FAILED] });
    await fail(target(), first, { calls: [FAILED, FAILED] });
    await wake(target(), first);
    const second = (await next())!;
    await commitOne(target(), second, {}, { calls: [CALL] });
    await commitOne(target(), second, {}, { calls: [CALL] });
    const calls = await callsOf({ job_id });
    assert.deepEqual(
      calls.map(({ status, kind, step }) => [status, kind, step]).sort(),
      [
        ["complete", KIND, 1],
        ["failed", KIND, 1],
        ["failed", KIND, 1],
      ],
    );
    assert.ok(calls.every((call) => call["project_id"] === project_id));
  });

  test("a worker that has died may have asked somebody; what it tells later counts instead", async () => {
    const { job_id, next, user, job } = await working();
    const late = (await next())!;
    await wake(target(), late);
    const step = (await next())!;
    const [unknown] = await callsOf({ job_id });
    assert.deepEqual(
      [unknown!["status"], unknown!["provider"], unknown!["output_tokens"]],
      ["interrupted", null, 0],
    );
    const { kind, user_id, project_id } = late;
    const told = { ...leaseOf(late), kind, user_id, project_id, calls: [CALL, FAILED] };
    await target().call("record_model_calls", told);
    await target().call("record_model_calls", told);
    const calls = await callsOf({ job_id });
    assert.deepEqual(calls.map(({ status }) => status).sort(), ["complete", "failed"]);

    // Also for a job that has been deleted.
    await change(target(), user, "cancel_job", job);
    await ask(target(), user, "delete_project", { project_id: late["project_id"] });
    await target().call("record_model_calls", {
      ...leaseOf(step),
      kind,
      user_id,
      project_id,
      calls: [CALL],
    });
    const kept = await target().select("model_calls", { owner_id: user_id, kind: KIND });
    assert.deepEqual(
      kept.map((call) => [call["status"], call["job_id"]]).sort(),
      [
        ["complete", null],
        ["complete", null],
        ["failed", null],
      ],
    );
  });

  test("a guest's calls go to the account, and an account's away with it", async () => {
    const guest = await guestOf(target());
    const account = await personOf(target(), newUser());
    await say(target(), guest.principal, "Once?", "Once.");
    const before = (await target().select("model_calls", { owner_id: guest.id })).length;
    assert.ok(before >= 1);
    await migrate(target(), account, guest);
    assert.equal((await target().select("model_calls", { owner_id: guest.id })).length, 0);
    const owner_id = account.id;
    const calls = await target().select("model_calls", { owner_id });
    assert.ok(calls.length >= before);
    await ask(target(), account.principal, "delete_account");
    assert.deepEqual(await target().select("model_calls", { owner_id }), []);
    // A worker that reports calls for the deleted account has no effect.
    await target().call("record_model_calls", {
      job_id: null,
      step: 1,
      kind: KIND,
      user_id: owner_id,
      lease_token: "00000000-0000-4000-8000-000000000001",
      calls: [CALL],
    });
    assert.deepEqual(await target().select("model_calls", { owner_id }), []);
  });

  test("the ledger is kept for 400 days", async () => {
    const { user_id } = await say(target(), newUser(), "Once?", "Once.");
    const where = { owner_id: user_id };
    const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();
    await target().update("model_calls", where, { created_at: days(399) });
    await target().call("delete_old_model_calls", {});
    assert.equal((await target().select("model_calls", where)).length, 1);
    await target().update("model_calls", where, { created_at: days(401) });
    await target().call("delete_old_model_calls", { limit: 1000 });
    assert.deepEqual(await target().select("model_calls", where), []);
  });
}
