-- The dossier follows the conversation: findings in a message that is no longer on the path to the
-- session's active leaf do not count. Entries of the kind `path` record this in the log.
--
-- Invariant, under a session's lock: a message with findings is on the path unless the newest `path`
-- entry that names it lists it among those that left.

-- The text whose SHA-256 is the id of a `path` entry, in the form of shared/dossier: JSON without spaces,
-- members in order.
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

-- Logs that the messages of left_ids have left the path of their session, and those of back_ids have come
-- back to it. The session is locked. `sequence` orders the entries; it is the entry's position, which
-- grows.
create function private.add_path_entries(
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

-- Adds `path` entries for those of the messages that are not on their session's path. They have just got
-- their first findings, and may have left before. The sessions are locked.
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

revoke all on function
  private.path_entry_text(uuid, uuid, uuid[], uuid[], bigint, bigint),
  private.add_path_entries(uuid, uuid, uuid[], uuid[]),
  private.note_messages_off_path(uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function
  private.path_entry_text(uuid, uuid, uuid[], uuid[], bigint, bigint),
  private.add_path_entries(uuid, uuid, uuid[], uuid[]),
  private.note_messages_off_path(uuid, uuid[])
to service_role;
