-- The dossier follows the conversation: what was found in a message that is no longer on the path to
-- the session's active leaf does not count. The log says so, by entries of the kind `path`.
--
-- What always holds, seen from a session's lock: a message in which something was found is on the path
-- unless the newest `path` entry that names it has it among those that left.

-- The text that an entry of the conversation's path is the SHA-256 of, as shared/dossier writes it:
-- JSON without spaces, members in order.
create function private.path_entry_text(
  project_id uuid, session_id uuid, left_ids uuid[], back_ids uuid[], sequence bigint, at_ms bigint
) returns text
language sql immutable parallel safe
return pg_catalog.format(
  '{"body":{"at":%s,"back":%s,"do":"path","left":%s,"sequence":%s,"session_id":"%s"},'
  '"kind":"path","message_id":null,"project":"%s"}',
  at_ms,
  pg_catalog.replace(pg_catalog.to_jsonb(coalesce(back_ids, '{}'))::text, ' ', ''),
  pg_catalog.replace(pg_catalog.to_jsonb(coalesce(left_ids, '{}'))::text, ' ', ''),
  sequence, session_id, project_id);

-- Adds to the dossier's log that these messages have left the path of their session, and those have
-- come back to it. The session is locked. `sequence` says which of two entries came later; it is the
-- entry's position, which grows.
create function private.add_path_entries(
  wanted_project_id uuid, moved_session_id uuid, left_ids uuid[], back_ids uuid[]
) returns void
language plpgsql set search_path = '' as $$
declare
  -- So that each entry's body is far smaller than it may be.
  ids_each constant integer := 500;
  entries constant integer := greatest(
    ceil(cardinality(left_ids)::numeric / ids_each), ceil(cardinality(back_ids)::numeric / ids_each));
  at_ms constant bigint := floor(extract(epoch from clock_timestamp()) * 1000);
  dossier record;
  entry_text text;
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
  end loop;
  update public.dossiers
  set head = head + entries, updated_at = clock_timestamp()
  where project_id = wanted_project_id;
end
$$;

-- What leaves a path, and what comes back, when its end moves from one message to another; the nearest
-- to the end first.
create function private.path_difference(
  old_leaf_id uuid, new_leaf_id uuid, out left_ids uuid[], out back_ids uuid[]
)
language sql stable set search_path = '' as $$
  -- Both sides go up, the deeper one first, until they meet. Without a parent they are null.
  with recursive pair as (
    select older.message_id as old_id, older.parent_id as old_parent, older.depth as old_depth,
      newer.message_id as new_id, newer.parent_id as new_parent, newer.depth as new_depth
    from public.messages older, public.messages newer
    where older.message_id = old_leaf_id and newer.message_id = new_leaf_id
    union all
    select
      case when old_depth >= new_depth then above_old.message_id else old_id end,
      case when old_depth >= new_depth then above_old.parent_id else old_parent end,
      case when old_depth >= new_depth then old_depth - 1 else old_depth end,
      case when new_depth >= old_depth then above_new.message_id else new_id end,
      case when new_depth >= old_depth then above_new.parent_id else new_parent end,
      case when new_depth >= old_depth then new_depth - 1 else new_depth end
    from pair
    -- The limits keep the planner from joining with the whole table.
    left join lateral (
      select message_id, parent_id from public.messages
      where message_id = old_parent and old_depth >= new_depth
      limit 1
    ) above_old on true
    left join lateral (
      select message_id, parent_id from public.messages
      where message_id = new_parent and new_depth >= old_depth
      limit 1
    ) above_new on true
    where old_id is distinct from new_id
  )
  select
    coalesce(array_agg(old_id order by old_depth desc) filter (where old_depth >= new_depth), '{}'),
    coalesce(array_agg(new_id order by new_depth desc) filter (where new_depth >= old_depth), '{}')
  from pair
  where old_id is distinct from new_id;
$$;

-- Those of the messages in which something was found, in their order.
create function private.messages_with_assertions(message_ids uuid[]) returns uuid[]
language sql stable set search_path = ''
return array(
  select moved.message_id from unnest(message_ids) with ordinality as moved (message_id, place)
  where exists (
    select from public.dossier_assertions found where found.message_id = moved.message_id)
  order by moved.place);

-- Whatever moves a session's path: another take, an edit, a turn that begins or ends. The session is
-- locked by the update itself.
create function private.follow_path() returns trigger
language plpgsql set search_path = '' as $$
declare
  moved record;
begin
  -- Nearly always: a new message comes after the last one.
  if exists (
      select from public.messages
      where message_id = new.active_leaf_id and parent_id = old.active_leaf_id)
    and not exists (
      select from public.dossier_assertions where message_id = new.active_leaf_id)
  then
    return null;
  end if;
  select private.messages_with_assertions(difference.left_ids) as left_ids,
    private.messages_with_assertions(difference.back_ids) as back_ids
  into moved
  from private.path_difference(old.active_leaf_id, new.active_leaf_id) difference;
  if cardinality(moved.left_ids) + cardinality(moved.back_ids) > 0 then
    perform private.add_path_entries(
      new.project_id, new.session_id, moved.left_ids, moved.back_ids);
  end if;
  return null;
end
$$;

create trigger follow_path after update of active_leaf_id on public.sessions
  for each row when (
    old.active_leaf_id <> new.active_leaf_id and new.project_id is not null)
  execute function private.follow_path();

-- Something was found in these messages for the first time, and they may have left the path before
-- that. The sessions are locked.
create function private.note_messages_off_path(
  wanted_project_id uuid, message_ids uuid[]
) returns void
language plpgsql set search_path = '' as $$
declare
  gone record;
begin
  for gone in
    select message.session_id, array_agg(message.message_id order by message.depth desc) as ids
    from unnest(message_ids) as named (message_id)
    cross join lateral (
      select * from public.messages where message_id = named.message_id limit 1
    ) message
    cross join lateral (
      select active_leaf_id from public.sessions where session_id = message.session_id limit 1
    ) session
    where private.message_on_path(session.active_leaf_id, message.depth)
      is distinct from message.message_id
    group by message.session_id
    order by message.session_id
  loop
    perform private.add_path_entries(wanted_project_id, gone.session_id, gone.ids, '{}');
  end loop;
end
$$;

-- As private.store_assertions, and the log tells of what is found in a message that has left the path
-- before that. The snapshot that comes with it does not know, and does not cover that entry. The caller
-- has locked the sessions of the messages that are named.
create function private.add_assertions(
  wanted_id uuid, request jsonb, principal_id uuid
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  named_ids uuid[];
  answer jsonb;
begin
  perform private.check_assertions(request -> 'assertions');
  -- What others add about them meanwhile waits for the session's lock too.
  named_ids := array(
    select distinct sent.message_id
    from jsonb_to_recordset(request -> 'assertions') as sent (message_id uuid)
    where sent.message_id is not null and not exists (
      select from public.dossier_assertions known where known.message_id = sent.message_id));
  answer := private.store_assertions(wanted_id, request, principal_id);
  if cardinality(named_ids) > 0 and (answer ->> 'added')::integer > 0 then
    perform private.note_messages_off_path(wanted_id, named_ids);
    select answer || jsonb_build_object(
      'head', dossier.head,
      'tail', case when dossier.head > (answer ->> 'head')::bigint
        then private.read_log(wanted_id, (request ->> 'base')::bigint)
        else answer -> 'tail' end)
    into answer
    from public.dossiers dossier
    where dossier.project_id = wanted_id;
  end if;
  return answer;
end
$$;

-- Adds to a dossier's log, and stores the snapshot that goes with it: {project_id, base,
-- assertions: [{assertion_id, kind, body, message_id | null}], snapshot | null, facts?, if_match?,
-- principal | null}, where base is the position that the snapshot was computed from, before these
-- assertions, and facts is what prompts are told of it. Returns {head, added, folded_to, log_start, tail}.
--
-- Assertions that are not there yet are added in the order given, whatever base is, unless if_match
-- names another version than the head: then nothing is done (412). The snapshot is stored only if base
-- was still the head. Otherwise the tail is what the log holds after base, with the caller's own in
-- their places: fold it in and call again, with the last one's position as the base, or the head when
-- the tail is empty. A tail is bounded (private.read_log), so that this may take several calls; an empty
-- list of assertions reads the log. A base before log_start means that the log was removed: whoever
-- holds entries of it begins anew. A caller whose answer was lost calls again: nothing is added twice.
create or replace function public.commit_assertions(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  principal_id uuid;
  session_ids uuid[];
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  perform private.check_assertions(request -> 'assertions');
  session_ids := array(
    select distinct message.session_id
    from jsonb_to_recordset(request -> 'assertions') as sent (message_id uuid)
    cross join lateral (
      select session_id from public.messages where message_id = sent.message_id limit 1
    ) message);
  -- Their paths stay as they are until it is stored whether what is found in them is shown.
  if cardinality(session_ids) > 0 then
    perform from public.sessions
    where session_id = any (session_ids) and project_id = wanted_id
      and owner_id = coalesce(principal_id, owner_id)
    order by session_id
    for no key update;
  end if;
  return private.add_assertions(wanted_id, request, principal_id);
end
$$;

revoke all on function
  private.path_entry_text(uuid, uuid, uuid[], uuid[], bigint, bigint),
  private.add_path_entries(uuid, uuid, uuid[], uuid[]),
  private.path_difference(uuid, uuid),
  private.messages_with_assertions(uuid[]),
  private.follow_path(),
  private.note_messages_off_path(uuid, uuid[]),
  private.add_assertions(uuid, jsonb, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.path_entry_text(uuid, uuid, uuid[], uuid[], bigint, bigint),
  private.add_path_entries(uuid, uuid, uuid[], uuid[]),
  private.path_difference(uuid, uuid),
  private.messages_with_assertions(uuid[]),
  private.note_messages_off_path(uuid, uuid[]),
  private.add_assertions(uuid, jsonb, uuid)
to service_role;
