-- Counts the bytes of rows that a statement has added, changed or removed. Its argument is the expression for the
-- bytes of a row; octet_length of a text does not read the text. Security definer: rows also go by cascades of
-- other roles.
create function private.count_stored_bytes() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  execute format(
    'insert into public.stored_byte_changes (owner_id, bytes)
     select owner_id, sum(bytes) from (%s) changed (owner_id, bytes) group by owner_id having sum(bytes) <> 0',
    concat_ws(' union all ',
      case when tg_op <> 'DELETE' then format('select owner_id, %s from added', tg_argv[0]) end,
      case when tg_op <> 'INSERT' then format('select owner_id, -(%s) from removed', tg_argv[0]) end));
  return null;
end
$$;

-- Moves the bytes of an import's step to its new owner. Steps are updated often, so that this is not a
-- statement's trigger.
create function private.move_stored_step() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.stored_byte_changes (owner_id, bytes)
  values (old.owner_id, -octet_length(old.payload::text)), (new.owner_id, octet_length(new.payload::text));
  return null;
end
$$;

-- Takes the bytes of at most max_sessions deleted sessions away, although their rows stay for a while; returns
-- how many there were. The cleaner calls it, because it reads the sessions.
create function private.uncount_deleted_sessions(max_sessions integer) returns integer
language plpgsql set search_path = '' as $$
declare
  deleted record;
  deleted_bytes bigint;
  done integer := 0;
begin
  for deleted in
    select session_id, owner_id from public.sessions
    where not is_active and uncounted_bytes is null
    order by session_id
    limit max_sessions
    for no key update skip locked
  loop
    deleted_bytes := (
      select coalesce(sum(octet_length(content) + octet_length(metadata::text)), 0)
      from public.messages where session_id = deleted.session_id and owner_id = deleted.owner_id)
      + (
      select coalesce(sum(octet_length(content)), 0)
      from public.message_revisions where session_id = deleted.session_id);
    update public.sessions set uncounted_bytes = deleted_bytes where session_id = deleted.session_id;
    insert into public.stored_byte_changes (owner_id, bytes) values (deleted.owner_id, -deleted_bytes);
    done := done + 1;
  end loop;
  return done;
end
$$;

-- Counts a session again that is restored.
create function private.count_restored_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.stored_byte_changes (owner_id, bytes) values (new.owner_id, new.uncounted_bytes);
  new.uncounted_bytes := null;
  return new;
end
$$;

-- The rows of a deleted session are counted when they go, or move to another owner: adds what was taken away
-- before.
create function private.recount_deleted_session() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.stored_byte_changes (owner_id, bytes) values (old.owner_id, old.uncounted_bytes);
  if tg_op = 'UPDATE' then
    insert into public.stored_byte_changes (owner_id, bytes) values (new.owner_id, -old.uncounted_bytes);
  end if;
  return null;
end
$$;

revoke all on function
  private.count_stored_bytes(),
  private.move_stored_step(),
  private.uncount_deleted_sessions(integer),
  private.count_restored_session(),
  private.recount_deleted_session()
from public, anon, authenticated, service_role;
grant execute on function private.uncount_deleted_sessions(integer) to service_role;

create trigger count_added_bytes after insert on public.messages
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content) + octet_length(metadata::text)');
create trigger count_changed_bytes after update on public.messages
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content) + octet_length(metadata::text)');
create trigger count_removed_bytes after delete on public.messages
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(content) + octet_length(metadata::text)');
create trigger count_added_bytes after insert on public.message_revisions
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content)');
create trigger count_changed_bytes after update on public.message_revisions
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(content)');
create trigger count_removed_bytes after delete on public.message_revisions
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(content)');
create trigger count_added_bytes after insert on public.dossier_assertions
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(body::text)');
create trigger count_changed_bytes after update on public.dossier_assertions
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(body::text)');
create trigger count_removed_bytes after delete on public.dossier_assertions
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(body::text)');
create trigger count_added_bytes after insert on public.story_versions
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(content::text, ''''))');
create trigger count_changed_bytes after update on public.story_versions
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(content::text, ''''))');
create trigger count_removed_bytes after delete on public.story_versions
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(content::text, ''''))');
create trigger count_added_bytes after insert on public.projects
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(name) + octet_length(coalesce(instructions, ''''))');
create trigger count_changed_bytes after update on public.projects
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(name) + octet_length(coalesce(instructions, ''''))');
create trigger count_removed_bytes after delete on public.projects
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(name) + octet_length(coalesce(instructions, ''''))');
create trigger count_added_bytes after insert on public.characters
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt) + octet_length(greeting)
      + octet_length(alternative_greetings::text) + octet_length(coalesce(card::text, ''''))');
create trigger count_changed_bytes after update on public.characters
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt) + octet_length(greeting)
      + octet_length(alternative_greetings::text) + octet_length(coalesce(card::text, ''''))');
create trigger count_removed_bytes after delete on public.characters
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(persona) + octet_length(personality) + octet_length(scenario)
      + octet_length(example_dialogue) + octet_length(system_prompt) + octet_length(greeting)
      + octet_length(alternative_greetings::text) + octet_length(coalesce(card::text, ''''))');
create trigger count_added_bytes after insert on public.bots
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(system, ''''))');
create trigger count_changed_bytes after update on public.bots
  referencing old table as removed new table as added
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(system, ''''))');
create trigger count_removed_bytes after delete on public.bots
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'octet_length(coalesce(system, ''''))');
-- An import keeps its text, which never changes.
create trigger count_added_bytes after insert on public.job_steps
  referencing new table as added
  for each statement execute function private.count_stored_bytes(
    'case when kind = ''dossier_import'' then octet_length(payload::text) else 0 end');
create trigger count_removed_bytes after delete on public.job_steps
  referencing old table as removed
  for each statement execute function private.count_stored_bytes(
    'case when kind = ''dossier_import'' then octet_length(payload::text) else 0 end');
create trigger move_stored_step after update on public.job_steps
  for each row when (old.owner_id <> new.owner_id and new.kind = 'dossier_import')
  execute function private.move_stored_step();
create trigger count_restored_session before update on public.sessions
  for each row when (new.is_active and old.uncounted_bytes is not null)
  execute function private.count_restored_session();
create trigger recount_moved_session after update on public.sessions
  for each row when (old.owner_id <> new.owner_id and old.uncounted_bytes > 0)
  execute function private.recount_deleted_session();
create trigger recount_deleted_session after delete on public.sessions
  for each row when (old.uncounted_bytes > 0)
  execute function private.recount_deleted_session();
