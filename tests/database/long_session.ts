// Long conversations, and the cost of a call in them: counted in pages touched, not in time.
import type { SqlTarget } from "./sql_target.ts";
import type { Row } from "./target.ts";
import { newUser, say, type Principal } from "./turns.ts";

/** A session with this many messages, as if so many turns had been made. */
export async function longSession(
  target: SqlTarget,
  messages: number,
): Promise<{ user: Principal; session_id: string }> {
  const user = newUser();
  const { session_id, message_id } = await say(target, user, "First?", "First.");
  // Without triggers: checking the foreign keys of this many rows takes longer than all the rest.
  await target.asOwner(
    `set session_replication_role = replica;
     with recursive added as (
       select 2 as position, '${message_id}'::uuid as message_id, null::uuid as parent_id
       union all
       select position + 1, gen_random_uuid(), message_id from added where position < ${messages}
     ), stored as (
       insert into public.messages
         (message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role,
          content)
       select message_id, '${session_id}', '${user["subject"]}', parent_id, gen_random_uuid(),
         (position + 1) / 2, position, position, case position % 2 when 1 then 'user' else 'assistant' end,
         repeat('A fox. ', 20)
       from added where position > 2
       returning position, message_id
     )
     update public.sessions set message_count = ${messages}, turn_count = ${messages} / 2,
       active_leaf_id = (select message_id from stored order by position desc limit 1)
     where session_id = '${session_id}';
     reset session_replication_role`,
  );
  return { user, session_id };
}

/** Pages that a call touches, once its connection has read the catalogue; rolled back. */
export async function measure(target: SqlTarget, name: string, request: object): Promise<number> {
  const argument = JSON.stringify(request).replaceAll("'", "''");
  const explain = `explain (analyze, buffers, format json) select public.${name}('${argument}'::jsonb)`;
  let pages = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const [row] = await target.tryAs("service_role", explain);
    const plan = row!["QUERY PLAN"][0]["Plan"] as Row;
    pages = Math.min(pages, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
  }
  return pages;
}
