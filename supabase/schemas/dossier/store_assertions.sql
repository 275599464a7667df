-- Refuses a dossier that does not exist or belongs to another user.
create function private.refuse_dossier() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such dossier: use the id of a project of yours.');
end
$$;

-- Does the work of commit_assertions without checking the caller: principal_id is the required owner of the
-- dossier; null allows any owner.
create function private.store_assertions(
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

revoke all on function
  private.refuse_dossier(),
  private.store_assertions(uuid, jsonb, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_dossier(),
  private.store_assertions(uuid, jsonb, uuid)
to service_role;
