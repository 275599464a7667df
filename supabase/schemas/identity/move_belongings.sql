-- A name that does not exist yet: 91 characters of the given one, and 37 that make it unique.
create function private.rename(name text) returns text
language sql volatile parallel safe
return pg_catalog.left(name, 91) || '-' || pg_catalog.gen_random_uuid();

-- Renames those of the guest's things whose names the account uses for others. Among conversations only
-- those that are not deleted have names that can clash.
create function private.rename_clashes(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  renamed record;
begin
  update public.sessions ours
  set external_id = private.rename(ours.external_id)
  where ours.owner_id = guest_id and ours.is_active and exists (
    select from public.sessions theirs
    where theirs.owner_id = account_id and theirs.is_active
      and theirs.kind = ours.kind and theirs.external_id = ours.external_id);

  update public.generations ours
  set idempotency_key = private.rename(ours.idempotency_key)
  where ours.owner_id = guest_id and exists (
    select from public.generations theirs
    where theirs.owner_id = account_id and theirs.idempotency_key = ours.idempotency_key);

  for renamed in
    update public.generations ours
    set stream_id = private.rename(ours.stream_id)
    where ours.owner_id = guest_id and exists (
      select from public.generations theirs
      where theirs.owner_id = account_id and theirs.stream_id = ours.stream_id)
    returning ours.message_id, ours.stream_id
  loop
    update public.messages
    set metadata = jsonb_set(metadata, '{stream_id}', to_jsonb(renamed.stream_id))
    where message_id = renamed.message_id;
  end loop;
end
$$;

-- Moves everything of the guest to the account; returns counts as {projects, sessions, messages,
-- dossiers}. The caller has locked both principals.
create function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (
      select count(*) from public.sessions where owner_id = guest_id and kind <> 'story'),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id and session.kind <> 'story'),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  with moving as (
    delete from public.idempotency_keys where owner_id = guest_id returning *
  )
  insert into public.idempotency_keys
    (owner_id, idempotency_key, request_hash, function_name, made, created_at)
  select account_id, idempotency_key, request_hash, function_name, made, created_at from moving
  on conflict do nothing;
  update public.characters set owner_id = account_id where owner_id = guest_id;
  perform private.move_memory_logs(guest_id, account_id);
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  perform private.move_plan(guest_id, account_id);
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

revoke all on function
  private.rename(text),
  private.rename_clashes(uuid, uuid),
  private.move_belongings(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.rename(text),
  private.rename_clashes(uuid, uuid),
  private.move_belongings(uuid, uuid)
to service_role;
