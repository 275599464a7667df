import { startSqlTarget } from "./sql_target.ts";
import { longConversation } from "./erasures.ts";
import { newUser } from "./turns.ts";
const t = await startSqlTarget(process.cwd());
const u = newUser();
await longConversation(t, u, 20000);
await longConversation(t, newUser(), 20000);
await t.asOwner("vacuum analyze");
await t.asOwner("alter database postgres set track_functions = 'all'");
await t.asOwner("set track_functions = 'all'");
console.log(await t.call("delete_account", { principal: u }));
const begun = performance.now(); let n = 0;
const by: Record<string, number[]> = {};
for (;;) { const b = performance.now(); const [r] = await t.asOwner("select private.clean('{}') as r"); n++; (by[r!["r"].part] ??= []).push(performance.now() - b); if (!r!["r"].left) break; }
console.log("ms", performance.now() - begun, "batches", n);
for (const [k, v] of Object.entries(by)) console.log(k, v.length, v.sort((a, b) => a - b)[v.length >> 1], Math.max(...v));
await new Promise((r) => setTimeout(r, 1500));
for (const r of await t.asOwner("select funcname, calls, total_time::int, self_time::int from pg_stat_user_functions order by self_time desc limit 16")) console.log(Object.values(r).join(" "));
await t.stop();
