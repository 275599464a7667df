-- Gives each new project a dossier.
create function private.give_dossier() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.dossiers (project_id, owner_id, created_at, updated_at)
  values (new.project_id, new.owner_id, new.created_at, new.created_at);
  return null;
end
$$;

revoke all on function private.give_dossier() from public, anon, authenticated, service_role;

create trigger give_dossier after insert on public.projects
  for each row execute function private.give_dossier();
