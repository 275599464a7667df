-- Plans when the snapshot of a conversation with a companion is written or deleted.

-- Adds the job that writes the conversation's snapshot, or postpones the planned one, so that a busy
-- conversation is written once. The session is locked.
create function private.plan_snapshot(session public.sessions) returns void
language plpgsql set search_path = '' as $$
declare
  -- Nearly always the reply has ended by then.
  pause constant interval := '10 seconds';
begin
  perform private.add_job(jsonb_build_object(
    'kind', 'conversation_snapshot', 'owner_id', session.owner_id,
    'session_id', session.session_id, 'merge_key', 'session', 'kept_for', '1 hour',
    'run_after', clock_timestamp() + pause));
end
$$;

-- A session that is being erased gets no snapshot any more.
create function private.plan_snapshot_of_session() returns trigger
language plpgsql set search_path = '' as $$
begin
  if (old.is_active or new.is_active) and not exists (
    select from public.principals where id = new.owner_id and deleted_at is not null)
  then
    perform private.plan_snapshot(new);
  end if;
  return null;
end
$$;

create function private.plan_snapshot_of_message() returns trigger
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
begin
  select * into session from public.sessions where session_id = new.session_id;
  if session.kind = 'companion' then
    perform private.plan_snapshot(session);
  end if;
  return null;
end
$$;

create function private.plan_deletion_of_snapshot() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.deleted_snapshots (conversation_id) values (old.session_id)
  on conflict do nothing;
  return null;
end
$$;

revoke all on function
  private.plan_snapshot(public.sessions),
  private.plan_snapshot_of_session(),
  private.plan_snapshot_of_message(),
  private.plan_deletion_of_snapshot()
from public, anon, authenticated, service_role;
grant execute on function private.plan_snapshot(public.sessions) to service_role;

create trigger plan_snapshot after update of active_leaf_id, is_active on public.sessions
  for each row when (new.kind = 'companion'
    and (old.active_leaf_id, old.is_active) is distinct from (new.active_leaf_id, new.is_active))
  execute function private.plan_snapshot_of_session();

create trigger plan_snapshot after update of content on public.messages
  for each row when (old.content <> new.content)
  execute function private.plan_snapshot_of_message();

create trigger plan_deletion_of_snapshot after delete on public.sessions
  for each row when (old.kind = 'companion')
  execute function private.plan_deletion_of_snapshot();
