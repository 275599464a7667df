// The operator's view and actions, on a real PostgreSQL.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { beginStory, claimStory, readTask } from "./stories.ts";
import type { Row } from "./target.ts";
import { fail } from "./tasks.ts";
import { begin, finish, newUser, refusal } from "./turns.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

const bodyOf = async (name: string, request: Row): Promise<Row> => (await target.call(name, request))["body"];
const CALL = { provider: "openai", model: "gpt-4o", status: "complete", input_tokens: 30, output_tokens: 12 };

test("an account is suspended and reinstated; meanwhile it may do nothing", async () => {
  const user = newUser();
  const turn = await begin(target, user);
  const user_id = turn["user_id"];
  const [newest] = (await bodyOf("list_accounts", { query: { limit: 1 } })) as unknown as Row[];
  assert.deepEqual([newest!["user_id"], newest!["kind"], newest!["plan"]], [user_id, "user", "free"]);

  const suspended = await bodyOf("change_account", { user_id, body: { is_suspended: true } });
  assert.match(suspended["suspended_at"], /Z$/);
  const [generation] = await target.select("generations", { generation_id: turn["generation_id"] });
  assert.equal(generation!["cancel_requested"], true, "the running reply is asked to stop");
  await assert.rejects(begin(target, user), refusal(403, "account_suspended"));

  const reinstated = await bodyOf("change_account", { user_id, body: { is_suspended: false } });
  assert.equal(reinstated["suspended_at"], null);
  await finish(target, turn, { attempts: [CALL] });
  await begin(target, user);
  for (const is_suspended of [true, false]) {
    await assert.rejects(
      target.call("change_account", { user_id: randomUUID(), body: { is_suspended } }),
      refusal(404, "not_found"),
    );
  }
  await assert.rejects(target.call("read_account", { user_id: randomUUID() }), refusal(404, "not_found"));
});

test("a job that was given up is listed with the reason, and tried again", async () => {
  const user = newUser();
  const { task_id } = await beginStory(target, user, "premise");
  const step = (await claimStory(target, task_id))!;
  await fail(target, step, { error: "provider_unauthorized: The key is wrong.", is_final: true });
  const [job] = (await bodyOf("list_failed_jobs", { query: {} })) as unknown as Row[];
  assert.deepEqual([job!["job_id"], job!["kind"]], [task_id, "story"]);
  assert.deepEqual(job!["failures"].map(({ code }: Row) => code), ["provider_unauthorized"]);
  const retried = await target.call("retry_failed_job", { job_id: task_id });
  assert.deepEqual([retried["status"], retried["body"]["finished_at"]], [202, null]);
  assert.equal((await readTask(target, user, task_id))["status"], "pending");
  assert.ok(await claimStory(target, task_id));
  await assert.rejects(target.call("retry_failed_job", { job_id: task_id }), refusal(404, "not_found"));
});

test("what everybody has used is added up by user, by model and by day", async () => {
  await target.asOwner("delete from public.model_calls");
  const users = [newUser(), newUser()];
  for (const [place, user] of users.entries()) {
    for (let count = 0; count <= place; ++count) {
      const turn = await begin(target, user);
      await finish(target, turn, { attempts: [{ ...CALL, model: place === 0 ? "gpt-4o" : "gpt-4o-mini" }] });
    }
  }
  const by = (grouping: string) => bodyOf("read_usage_of_all", { query: { by: grouping } }) as unknown as Promise<Row[]>;
  assert.deepEqual(
    (await by("user")).map(({ name, calls }) => [name, calls]),
    [[users[1]!.subject, 2], [users[0]!.subject, 1]],
  );
  assert.deepEqual(
    (await by("model")).map(({ name, calls, input_tokens }) => [name, calls, input_tokens]),
    [["openai:gpt-4o-mini", 2, 60], ["openai:gpt-4o", 1, 30]],
  );
  assert.deepEqual((await by("kind")).map(({ name, calls }) => [name, calls]), [["chat", 3]]);
  const days = await by("day");
  assert.deepEqual(days.map(({ calls, output_tokens }) => [calls, output_tokens]), [[3, 36]]);
  assert.match(days[0]!["name"], /^\d{4}-\d\d-\d\d$/);
  assert.deepEqual(await bodyOf("read_usage_of_all", { query: { last_day: "2020-01-01" } }), []);
  for (const first_day of ["yesterday", "2026-13-01", "2026-1-1"]) {
    await assert.rejects(
      target.call("read_usage_of_all", { query: { first_day } }),
      refusal(422, "invalid_request"),
    );
  }
});
