-- Makes a new session wait for a transaction that deletes its project, before it locks anything else: with
-- only the foreign key's check it could lock the dossier first.
create function private.hold_project() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform from public.projects where project_id = new.project_id for share;
  if not found then
    perform private.refuse_project();
  end if;
  return new;
end
$$;

revoke all on function private.hold_project() from public, anon, authenticated, service_role;

-- Its name makes it run after hold_owner.
create trigger hold_project before insert on public.sessions
  for each row when (new.project_id is not null) execute function private.hold_project();
