import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { describeAccounts } from "./account_behaviour.ts";
import { describeExport, describeLargeExport } from "./export_behaviour.ts";
import { describeGuests } from "./guest_behaviour.ts";
import { describeProfiles } from "./profile_behaviour.ts";
import { startSqlTarget, type SqlTarget } from "./sql_target.ts";
import { newUser, only, say } from "./turns.ts";
import { describeUsage } from "./usage_behaviour.ts";

let target: SqlTarget;
before(async () => {
  target = await startSqlTarget(process.cwd());
});
after(() => target.stop());

describeProfiles(() => target);
describeAccounts(() => target);
describeGuests(() => target);
describeUsage(() => target);
describeExport(() => target);
describeLargeExport(() => target, 3_000);

test("people read their own profile and usage over REST, and no one else's", async () => {
  const [user, stranger] = [newUser(), newUser()];
  for (const principal of [user, stranger]) {
    await say(target, principal, "Once?", "Once.");
    await target.call("save_profile", { principal, body: { display_name: "Anna" } });
  }
  const claims = { sub: user["subject"], iss: user["issuer"] };
  for (const table of ["profiles", "usage"]) {
    const sql = `select owner_id from public.${table}`;
    assert.deepEqual(await target.tryAs("authenticated", sql, claims), [
      { owner_id: user["subject"] },
    ]);
    await assert.rejects(target.tryAs("anon", sql), /permission denied/);
    const claim = `update public.${table} set owner_id = '${user["subject"]}'`;
    await assert.rejects(target.tryAs("authenticated", claim, claims), /permission denied/);
  }
  for (const table of ["deleted_accounts", "rate_limits"]) {
    const sql = `select * from public.${table}`;
    await assert.rejects(target.tryAs("authenticated", sql, claims), /permission denied/);
  }
});

test("usage outlives the conversation, and not the principal", async () => {
  const { user_id, generation_id, session_id } = await say(target, newUser(), "Once?", "Once.");
  await target.asOwner("delete from public.sessions where session_id = $1", [session_id]);
  const usage = await only(target, "usage", { owner_id: user_id });
  assert.deepEqual([usage["generation_id"], usage["output_tokens"]], [null, 5]);
  assert.deepEqual(await target.select("usage", { generation_id }), []);
  await target.asOwner("delete from public.principals where id = $1", [user_id]);
  assert.deepEqual(await target.select("usage", { owner_id: user_id }), []);
});

test("a principal's tokens since a time come from an index alone", async () => {
  const user = newUser();
  for (let turn = 0; turn < 50; turn += 1) await say(target, newUser(), "Once?", "Once.");
  await say(target, user, "Once?", "Once.");
  await target.asOwner("vacuum analyze public.model_calls");
  const plan = await target.tryAs(
    "service_role",
    `set local enable_seqscan = off;
     explain (costs off) select sum(input_tokens), sum(output_tokens) from public.usage
     where owner_id = '${user["subject"]}' and created_at > now() - interval '1 month'`,
  );
  assert.match(
    plan.map((row) => row["QUERY PLAN"]).join("\n"),
    /Index Only Scan using model_calls_of_owner/,
  );
});
