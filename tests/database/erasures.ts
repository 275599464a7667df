// Large accounts, and their erasure.
import { createHash } from "node:crypto";
import type { SqlTarget } from "./sql_target.ts";
import type { Row, Target } from "./target.ts";
import { say, type Principal } from "./turns.ts";

/** Calls erase_step until nothing is left; returns the number of calls. */
export async function eraseAll(target: Target, limit = 1000): Promise<number> {
  for (let calls = 1; ; calls += 1) {
    if (!(await target.call("erase_step", { limit }))["left"]) return calls;
  }
}

/**
 * A conversation of the principal with this many further messages, a generation for each reply, and six
 * rows of the ledger for each reply.
 */
export async function longConversation(
  target: SqlTarget,
  principal: Principal,
  messages: number,
): Promise<Row> {
  const turn = await say(target, principal, "Once?", "Once.");
  const { session_id, user_id } = turn;
  const name = createHash("md5").update(session_id).digest("hex").slice(0, 12);
  const id = (kind: number, number: string) =>
    `('${kind}0000000-${name.slice(0, 4)}-4${name.slice(4, 7)}-8${name.slice(7, 10)}-'
      || lpad(to_hex(${number}), 12, '0'))::uuid`;
  await target.asOwner(`
    do $$
    begin
      set local session_replication_role = replica;
      insert into public.messages (
        message_id, session_id, owner_id, parent_id, depth, turn_id, turn_number, position, role, content)
      select ${id(1, "position")}, '${session_id}', '${user_id}',
        case when position = 3 then (
          select active_leaf_id from public.sessions where session_id = '${session_id}')
        else ${id(1, "position - 1")} end,
        position, ${id(1, "position")}, (position + 1) / 2, position,
        case position % 2 when 1 then 'user' else 'assistant' end, repeat('A fox. ', 20)
      from generate_series(3, 2 + ${messages}) position;
      insert into public.generations (
        generation_id, owner_id, session_id, stream_id, user_message_id, message_id, epoch, status,
        saved_bytes, finished_at)
      select ${id(2, "position")}, '${user_id}', '${session_id}', ${id(2, "position")}::text,
        ${id(1, "position")}, ${id(1, "position + 1")}, position, 'complete', 140, now()
      from generate_series(3, 1 + ${messages}, 2) position;
      insert into public.model_calls (
        owner_id, source_id, place, generation_id, kind, output_tokens, is_estimated, status)
      select '${user_id}', ${id(2, "position")}, place, ${id(2, "position")}, 'chat', 35, false, 'complete'
      from generate_series(3, 1 + ${messages}, 2) position, generate_series(1, 6) place;
      update public.sessions
      set active_leaf_id = ${id(1, `${2 + messages}`)}, turn_count = turn_count + ${messages} / 2,
        message_count = 2 + ${messages}, last_epoch = 2 + ${messages}
      where session_id = '${session_id}';
    end
    $$`);
  return turn;
}
