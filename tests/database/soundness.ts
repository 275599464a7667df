// What must hold of every conversation whatever has happened to it, as one query over the whole
// database, which the tests of turns share. A row of it is a rule that is broken.
import assert from "node:assert/strict";
import type { SqlTarget } from "./sql_target.ts";

const VIOLATIONS = `
  with recursive reachable as (
    select message_id, session_id, 1 as depth from public.messages where parent_id is null
    union all
    select child.message_id, child.session_id, parent.depth + 1
    from reachable parent
    join public.messages child
      on child.parent_id = parent.message_id and child.session_id = parent.session_id
  )
  select 'a message without a way to the beginning, or of another depth' as rule,
    message.message_id as id
  from public.messages message
  left join reachable using (message_id)
  where reachable.depth is distinct from message.depth

  union all
  select 'a path that ends nowhere in its session', session.session_id
  from public.sessions session
  left join public.messages leaf
    on leaf.message_id = session.active_leaf_id and leaf.session_id = session.session_id
  where leaf.message_id is null

  union all
  select 'counters or positions that are not those of the messages', session.session_id
  from public.sessions session
  left join public.messages message using (session_id)
  group by session.session_id
  having session.message_count <> count(message.message_id)
    or session.message_count <> count(distinct message.position)
    or session.message_count <> coalesce(max(message.position), 0)
    or session.turn_count <> count(*) filter (where message.role = 'user')
    or session.turn_count <> count(distinct message.turn_id)
    or session.turn_count <> count(distinct message.turn_number)
    or session.turn_count <> coalesce(max(message.turn_number), 0)

  union all
  select 'a message that is older than one before it', later.message_id
  from public.messages later
  join public.messages earlier
    on earlier.session_id = later.session_id and earlier.position = later.position - 1
  where later.created_at < earlier.created_at

  union all
  select 'a reply that is not of its question''s turn, or answers none', reply.message_id
  from public.messages reply
  left join public.messages question on question.message_id = reply.parent_id
  where reply.role = 'assistant' and (
    (question.role, question.turn_id, question.turn_number)
    is distinct from ('user', reply.turn_id, reply.turn_number))

  union all
  select 'epochs with holes, or more than one turn that runs', session.session_id
  from public.sessions session
  left join public.generations generation using (session_id)
  group by session.session_id
  having session.last_epoch <> count(generation.epoch)
    or session.last_epoch <> coalesce(max(generation.epoch), 0)
    or count(*) filter (where generation.status = 'streaming') > 1

  union all
  select 'a running reply whose chunks are not what is said to be saved', generation.generation_id
  from public.generations generation
  left join public.generation_chunks chunk using (generation_id)
  where generation.status = 'streaming'
  group by generation.generation_id
  having coalesce(sum(octet_length(chunk.text)), 0) <> generation.saved_bytes
    or coalesce(max(chunk.from_offset + octet_length(chunk.text)), 0) <> generation.saved_bytes
    or exists (select from public.messages where message_id = generation.message_id)

  union all
  select 'an ended reply whose message is not what is said to be saved', generation.generation_id
  from public.generations generation
  left join public.messages message using (message_id)
  left join public.message_revisions first_text
    on first_text.message_id = message.message_id and first_text.revision = 1
  where generation.status <> 'streaming' and (
    octet_length(coalesce(first_text.content, message.content, '')) <> generation.saved_bytes
    or (generation.saved_bytes > 0) <> (message.message_id is not null)
    or message.parent_id <> generation.user_message_id
    or exists (
      select from public.generation_chunks chunk
      where chunk.generation_id = generation.generation_id))

  union all
  select 'revisions with holes', message.message_id
  from public.messages message
  left join public.message_revisions revision using (message_id)
  group by message.message_id
  having message.revision <> count(revision.revision) + 1
    or message.revision <> coalesce(max(revision.revision), 0) + 1

  union all
  select 'a project without a session', project.project_id
  from public.projects project
  where not exists (
    select from public.sessions session where session.project_id = project.project_id)`;

export async function assertSound(target: Pick<SqlTarget, "asOwner">): Promise<void> {
  assert.deepEqual(await target.asOwner(VIOLATIONS), []);
}

const LEFT_OPEN = `
  select 'a reply that is still written' as rule, generation_id as id
  from public.generations where status = 'streaming'
  union all
  select 'a chunk of a reply that has ended', generation_id from public.generation_chunks
  union all
  select 'a reply that has ended without its usage', generation.generation_id
  from public.generations generation
  left join public.usage using (generation_id)
  where usage.status is distinct from generation.status
  union all
  select 'an end before the beginning', generation_id
  from public.generations where finished_at < started_at`;

/** Nobody writes a reply any more. */
export async function assertNothingOpen(target: Pick<SqlTarget, "asOwner">): Promise<void> {
  assert.deepEqual(await target.asOwner(LEFT_OPEN), []);
}
