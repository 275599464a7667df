-- A dossier's log is bounded for those too who add to it without having read all of it: its room is counted as
-- entries are added.

set local lock_timeout = '10s';

alter table public.dossiers add column log_room bigint not null default 0 check (log_room >= 0);

-- The room that an entry takes in a dossier's log, as in shared/dossier/fold/room.hpp: an entry of usual length
-- takes 1, and so does each further 256 bytes.
create function private.room_of(body jsonb) returns bigint
language sql immutable parallel safe
return 1 + greatest(octet_length(body::text) - 512, 0) / 256;

-- Refuses assertions for which a dossier's log, which takes log_room, has no room. Callers that have read the
-- whole log have counted more exactly; this is for those that have missed entries of others.
create function private.check_room(log_room bigint, assertions jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Less than callers can read, because `path` entries are added to a full log too.
  max_room constant bigint := 14000;
begin
  if log_room + (
    select coalesce(sum(private.room_of(sent.value -> 'body')), 0)
    from jsonb_array_elements(assertions) as sent (value)) > max_room
  then
    perform private.refuse(413, 'body_too_large',
      'This dossier''s log has no room for that: send less, or clear the dossier (DELETE) and put back '
      '(PUT) what is to stay.');
  end if;
end
$$;

revoke all on function
  private.room_of(jsonb),
  private.check_room(bigint, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.room_of(jsonb),
  private.check_room(bigint, jsonb)
to service_role;

update public.dossiers dossier
set log_room = taken.room
from (
  select project_id, sum(private.room_of(body)) as room
  from public.dossier_assertions
  group by project_id
) taken
where taken.project_id = dossier.project_id;

-- Does the work of commit_assertions without checking the caller: principal_id is the required owner of the
-- dossier; null allows any owner.
create or replace function private.store_assertions(
  wanted_id uuid, request jsonb, principal_id uuid
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  assertions jsonb := request -> 'assertions';
  snapshot jsonb := nullif(request -> 'snapshot', 'null');
  facts jsonb := coalesce(nullif(request -> 'facts', 'null'), '{}');
  base bigint := private.read_position(request, 'base');
  dossier record;
  is_base_the_head boolean;
  added integer;
  added_room bigint;
  is_known boolean;
  odd_id text;
begin
  perform private.check_assertions(assertions);
  if snapshot is not null then
    perform private.check_snapshot(snapshot);
    perform private.check_facts(facts);
  end if;
  if base is null then
    perform private.refuse(422, 'invalid_request',
      'base must be the position of the log that the snapshot was computed from.');
  end if;

  -- From here on there is one writer at a time. The snapshot is not read.
  select head, folded_to, log_start, log_room, owner_id into dossier
  from public.dossiers
  where project_id = wanted_id and owner_id = coalesce(principal_id, owner_id)
  for no key update;
  if not found then
    perform private.refuse_dossier();
  end if;
  if base > dossier.head then
    perform private.refuse(422, 'invalid_request', format(
      'base is beyond %s, where the log ends: read the dossier again.', dossier.head));
  end if;
  -- A call that is repeated because its answer was lost has itself moved the head.
  select coalesce(bool_and(known.is_known is not null), false) into is_known
  from jsonb_to_recordset(assertions) as sent (assertion_id text)
  left join lateral (
    select true as is_known from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known on true;
  if not is_known then
    perform private.check_version(request ->> 'if_match', dossier.head::text);
    -- With no assertions the log is only read.
    if base < dossier.head and assertions <> '[]' then
      perform private.check_room(dossier.log_room, assertions);
    end if;
  end if;

  -- Limits, here and below, make the planner look up each row instead of reading the whole project.
  select sent.message_id into odd_id
  from jsonb_to_recordset(assertions) as sent (message_id uuid)
  left join lateral (
    select session_id from public.messages where message_id = sent.message_id limit 1
  ) message on true
  left join lateral (
    select project_id from public.sessions where session_id = message.session_id limit 1
  ) session on true
  where sent.message_id is not null and session.project_id is distinct from wanted_id
  limit 1;
  if found then
    perform private.refuse(422, 'invalid_request',
      format('message_id %s is no message of this project.', odd_id));
  end if;

  with sent as (
    select distinct on (assertion_id) *
    from rows from (jsonb_to_recordset(assertions) as (
      assertion_id text, kind text, body jsonb, message_id uuid)) with ordinality
      as entry (assertion_id, kind, body, message_id, place)
    order by assertion_id, place
  ), stored as (
    insert into public.dossier_assertions (
      project_id, owner_id, position, assertion_id, kind, body, message_id, is_version, created_at)
    select wanted_id, dossier.owner_id, dossier.head + row_number() over (order by place),
      assertion_id, kind, body, message_id,
      row_number() over (order by place desc) = 1, clock_timestamp()
    from sent
    left join lateral (
      select true as is_known from public.dossier_assertions
      where project_id = wanted_id and assertion_id = sent.assertion_id
      limit 1
    ) known on true
    where known.is_known is null
    returning body
  )
  select count(*), coalesce(sum(private.room_of(body)), 0) into added, added_room from stored;

  select sent.assertion_id into odd_id
  from jsonb_to_recordset(assertions) as sent (
    assertion_id text, kind text, body jsonb, message_id uuid)
  cross join lateral (
    select * from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known
  where (known.kind, known.body, known.message_id)
    is distinct from (sent.kind, sent.body, sent.message_id)
  limit 1;
  if found then
    perform private.refuse(422, 'invalid_request', format(
      'The log has %s with other content: an assertion_id is the hash of what is asserted.',
      odd_id));
  end if;

  is_base_the_head := base = dossier.head;
  if added > 0 then
    update public.dossiers
    set head = head + added, log_room = log_room + added_room, updated_at = clock_timestamp()
    where project_id = wanted_id;
  end if;
  if is_base_the_head and snapshot is not null then
    update public.dossiers
    set snapshot_json = snapshot, facts_json = facts, folded_to = head,
        updated_at = clock_timestamp()
    where project_id = wanted_id
      and (folded_to <> head or snapshot_json is distinct from snapshot
        or facts_json is distinct from facts);
  end if;

  select head, folded_to, log_start into dossier
  from public.dossiers where project_id = wanted_id;
  return jsonb_build_object(
    'head', dossier.head,
    'added', added,
    'folded_to', dossier.folded_to,
    'log_start', dossier.log_start,
    'tail', case when not is_base_the_head then private.read_log(wanted_id, base) end);
end
$$;

-- Logs that the messages of left_ids have left the path of their session, and those of back_ids have come
-- back to it. The session is locked. `sequence` orders the entries; it is the entry's position, which
-- grows.
create or replace function private.add_path_entries(
  wanted_project_id uuid, moved_session_id uuid, left_ids uuid[], back_ids uuid[]
) returns void
language plpgsql set search_path = '' as $$
declare
  -- Keeps each entry's body far below its limit.
  ids_each constant integer := 500;
  entries constant integer := greatest(
    ceil(cardinality(left_ids)::numeric / ids_each), ceil(cardinality(back_ids)::numeric / ids_each));
  at_ms constant bigint := floor(extract(epoch from clock_timestamp()) * 1000);
  dossier record;
  entry_text text;
  added_room bigint := 0;
begin
  select head, owner_id into dossier from public.dossiers
  where project_id = wanted_project_id
  for no key update;
  for place in 1..entries loop
    entry_text := private.path_entry_text(
      wanted_project_id, moved_session_id,
      left_ids[(place - 1) * ids_each + 1:place * ids_each],
      back_ids[(place - 1) * ids_each + 1:place * ids_each],
      dossier.head + place, at_ms);
    insert into public.dossier_assertions (
      project_id, owner_id, position, assertion_id, kind, body, is_version, created_at)
    values (
      wanted_project_id, dossier.owner_id, dossier.head + place,
      encode(sha256(convert_to(entry_text, 'UTF8')), 'hex'), 'path', entry_text::jsonb -> 'body',
      place = entries, clock_timestamp());
    added_room := added_room + private.room_of(entry_text::jsonb -> 'body');
  end loop;
  update public.dossiers
  set head = head + entries, log_room = log_room + added_room, updated_at = clock_timestamp()
  where project_id = wanted_project_id;
end
$$;

-- Deletes all facts about a story and their sources: {principal, project_id, if_match}. The project
-- keeps its conversations, and has an empty dossier of a later version. Existing messages are not read
-- for it again, including those that were passed over.
create or replace function public.clear_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  project public.projects := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  session_ids uuid[];
  log_head bigint;
begin
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions where project_id = project.project_id
    order by session_id
    for no key update
  ) locked;
  perform from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused')
  order by job_id
  for no key update;
  select head into log_head from public.dossiers
  where project_id = project.project_id
  for no key update;
  perform private.check_version(request ->> 'if_match', log_head::text);
  perform private.drop_job(job_id) from public.jobs
  where session_id = any (session_ids) and kind = 'dossier_extraction'
    and status in ('queued', 'running', 'paused');
  update public.message_extractions
  set is_done = true
  where session_id = any (session_ids) and not is_done;
  -- Nor what was passed over so far.
  insert into public.message_extractions (session_id, message_id, owner_id, is_done)
  select session.session_id, unread.message_id, session.owner_id, true
  from public.sessions session
  cross join lateral unnest(private.unmarked_until(session.active_leaf_id))
    as unread (message_id)
  where session.session_id = any (session_ids)
  on conflict (session_id, message_id) do nothing;
  delete from public.dossier_assertions where project_id = project.project_id;
  update public.dossiers
  set head = head + 1, log_start = head + 1, folded_to = head + 1, log_room = 0,
      snapshot_json = default, facts_json = default, updated_at = clock_timestamp()
  where project_id = project.project_id;
  return private.answer(
    '{"message": "The dossier is empty. The project and its conversations are still there."}');
end
$$;
