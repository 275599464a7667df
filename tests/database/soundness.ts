// The invariants of every conversation, as one query over the whole database, which the tests of
// turns share. Each of its rows is a violation.
import assert from "node:assert/strict";
import type { SqlTarget } from "./sql_target.ts";

const VIOLATIONS = `
  with recursive given as (
    -- Greetings and replies that the caller says were given are no part of a turn here.
    select message_id from public.messages
    where role = 'assistant' and metadata ?| array['greeting_index', 'is_given']
  ),
  reachable as (
    select message_id, session_id, 1 as depth from public.messages where parent_id is null
    union all
    select child.message_id, child.session_id, parent.depth + 1
    from reachable parent
    join public.messages child
      on child.parent_id = parent.message_id and child.session_id = parent.session_id
  ),
  shown as (
    select message.message_id, message.parent_id
    from public.sessions session
    join public.messages message on message.message_id = session.active_leaf_id
    union all
    select parent.message_id, parent.parent_id
    from shown child
    join public.messages parent on parent.message_id = child.parent_id
  ),
  moved as (
    select distinct on (project_id, named.id) entry.project_id, named.id as message_id, named.has_left
    from public.dossier_assertions entry
    cross join lateral (
      select value::uuid as id, true as has_left
      from jsonb_array_elements_text(entry.body -> 'left')
      union all
      select value::uuid, false from jsonb_array_elements_text(entry.body -> 'back')
    ) named
    where entry.kind = 'path' and entry.body ? 'sequence'
    order by project_id, named.id, (entry.body ->> 'sequence')::bigint desc
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
  -- A realtime session may be open, and one with a companion begin, before anything is said.
  where leaf.message_id is null
    and not (session.kind in ('realtime', 'companion') and session.message_count = 0)

  union all
  select 'counters or positions that are not those of the messages', session.session_id
  from public.sessions session
  left join public.messages message using (session_id)
  cross join lateral (
    select exists (select from given where given.message_id = message.message_id) as is_given
  ) kind
  group by session.session_id
  having session.message_count <> count(message.message_id)
    or session.message_count <> count(distinct message.position)
    or session.message_count <> coalesce(max(message.position), 0)
    or session.turn_count <> count(*) filter (where message.role = 'user')
    or session.turn_count <> count(distinct message.turn_id) filter (where not is_given)
    or session.turn_count <> count(distinct message.turn_number) filter (where not is_given)
    or session.turn_count <> coalesce(max(message.turn_number) filter (where not is_given), 0)

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
  where reply.role = 'assistant' and not exists (
    select from given where given.message_id = reply.message_id) and (
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
    -- Its message is there only if it was ended for silence and goes on.
    or exists (
      select from public.messages message
      where message.message_id = generation.message_id and (
        message.status <> 'interrupted' or octet_length(message.content) > generation.saved_bytes))

  union all
  select 'a prompt that is not made of its parts', generation.generation_id
  from public.generations generation
  where generation.prompt_parts is not null
    and octet_length(coalesce(generation.system_prompt, '')) <> (
      select coalesce(sum((part ->> 'bytes')::integer), 0)
      from jsonb_array_elements(generation.prompt_parts) part)

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
  select 'a log with holes, or that ends elsewhere than its dossier says', dossier.project_id
  from public.dossiers dossier
  left join public.dossier_assertions entry using (project_id)
  group by dossier.project_id
  having dossier.head - dossier.log_start <> count(entry.position)
    or dossier.head <> coalesce(max(entry.position), dossier.log_start)
    or dossier.log_start <> coalesce(min(entry.position) - 1, dossier.log_start)
    or count(entry.position) > 0 and not bool_or(entry.is_version and entry.position = dossier.head)

  union all
  select 'a log that takes other room than its dossier says', dossier.project_id
  from public.dossiers dossier
  left join public.dossier_assertions entry using (project_id)
  group by dossier.project_id
  having dossier.log_room
    <> coalesce(sum(private.room_of(entry.body)) filter (where entry.position is not null), 0)

  union all
  select 'a message in which something was found, of which the log says that it is where it is not',
    found.message_id
  from (
    select distinct entry.project_id, entry.message_id
    from public.dossier_assertions entry
    where entry.message_id is not null
  ) found
  left join moved using (project_id, message_id)
  where coalesce(moved.has_left, false) <> not exists (
    select from shown where shown.message_id = found.message_id)

  union all
  select 'a message of which more was read than it has, or that is done too early', read.message_id
  from public.message_extractions read
  join public.messages message using (message_id)
  where read.read_bytes > octet_length(message.content)
    or read.read_bytes = octet_length(message.content) and not read.is_done

  union all
  select 'something to be read that nobody will be asked to read', read.message_id
  from public.message_extractions read
  join public.sessions session on session.session_id = read.session_id and session.is_active
  join shown on shown.message_id = read.message_id
  where not read.is_done and not exists (
    select from public.jobs task
    where task.session_id = read.session_id and task.kind = 'dossier_extraction'
      and task.status in ('queued', 'running', 'failed'))

  union all
  select 'a project without a session or a story', project.project_id
  from public.projects project
  where not exists (
      select from public.sessions session where session.project_id = project.project_id)
    and not exists (
      select from public.stories story where story.project_id = project.project_id)

  union all
  select 'totals of a story that are not those of its parts', story.project_id
  from public.stories story
  left join public.story_parts part on part.project_id = story.project_id and part.number is not null
  group by story.project_id
  having story.chapters <> count(*) filter (where part.kind = 'chapter')
    or story.scenes <> count(*) filter (where part.kind = 'scene')
    or story.scenes_written <> count(*) filter (where part.kind = 'scene' and part.message_id is not null)
    or story.length_written <> coalesce(
      sum(part.length) filter (where part.kind = 'scene' and part.message_id is not null), 0)
    or story.weight_left <> coalesce(
      sum(part.weight) filter (where part.kind = 'scene' and part.message_id is null), 0)

  union all
  select 'scenes or chapters whose numbers have gaps', part.project_id
  from public.story_parts part
  where part.number is not null
  group by part.project_id, part.kind
  having max(part.number) <> count(*) or min(part.number) <> 1

  union all
  select 'a scene that is not behind those of the chapters before its own', scene.part_id
  from public.story_parts scene
  join public.story_parts chapter on chapter.part_id = scene.chapter_id
  join public.story_parts other on other.project_id = scene.project_id and other.kind = 'scene'
    and other.number < scene.number
  join public.story_parts earlier on earlier.part_id = other.chapter_id
  where earlier.number > chapter.number

  union all
  select 'a scene whose session shows another text than the story', scene.part_id
  from public.story_parts scene
  join public.sessions session on session.session_id = scene.session_id
  join public.messages leaf on leaf.message_id = session.active_leaf_id
  where case
    when scene.number is null or scene.message_id is null then leaf.parent_id is not null
    else leaf.message_id <> scene.message_id
  end

  union all
  select 'a current version that is not there', part.part_id
  from public.story_parts part
  cross join lateral unnest(array[part.text_version, part.plan_version]) as current (version)
  left join public.story_versions made
    on made.part_id = part.part_id and made.version = current.version
  where current.version is not null and (
    made.version is null or made.is_rejected
    or made.version = part.text_version and made.message_id is distinct from part.message_id)

  union all
  select 'a picture whose file is to be deleted', picture.part_id
  from public.story_illustrations picture
  join public.deleted_illustrations deleted on deleted.object_path = picture.object_path`;

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

/** No reply is being written any more. */
export async function assertNothingOpen(target: Pick<SqlTarget, "asOwner">): Promise<void> {
  assert.deepEqual(await target.asOwner(LEFT_OPEN), []);
}
