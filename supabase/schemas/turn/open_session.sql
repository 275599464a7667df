-- Returns the session, locked until the transaction ends: the one with this id, or with this external_id of
-- the principal; a new one if there is none, or none is named. An unknown session and another owner's are
-- refused with the same answer. A new chat gets a new project unless the request names one; other new
-- conversations have no project then.
create function private.open_session(
  principal_id uuid, session_kind text, wanted_session_id uuid, wanted_external_id text,
  wanted_project_id uuid, new_title text
) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  unknown_session constant text := case session_kind
    when 'companion' then
      'There is no such conversation: leave conversation_id out to begin a new one.'
    else 'There is no such session: leave session_id out to begin a new one.' end;
  own_role constant text := current_setting('role');
  session_is_visible boolean;
  project_is_visible boolean;
  project_of_session uuid := wanted_project_id;
  opened public.sessions;
begin
  perform private.act_as(principal_id);
  session_is_visible := exists (
    select from public.sessions
    where session_id = wanted_session_id and kind = session_kind and is_active);
  project_is_visible := exists (
    select from public.projects where project_id = wanted_project_id);
  perform set_config('role', own_role, true);

  if wanted_session_id is not null and not session_is_visible then
    perform private.refuse(404, 'not_found', unknown_session);
  end if;
  if wanted_project_id is not null and not project_is_visible then
    perform private.refuse(404, 'not_found',
      'There is no such project: leave project_id out to begin a new one.');
  end if;

  if wanted_session_id is null and wanted_external_id is null then
    if project_of_session is null and session_kind = 'chat' then
      insert into public.projects (owner_id, name) values (principal_id, new_title)
      returning project_id into project_of_session;
    end if;
    insert into public.sessions (owner_id, project_id, kind, title)
    values (principal_id, project_of_session, session_kind, new_title)
    returning * into opened;
    return opened;
  end if;

  if wanted_external_id is null then
    -- Read again, because it may have changed before it was locked.
    select * into opened from public.sessions
    where session_id = wanted_session_id and owner_id = principal_id and is_active
    for no key update;
    if not found then
      perform private.refuse(404, 'not_found', unknown_session);
    end if;
  end if;
  -- Repeated as often as necessary: between reading and inserting another first turn may insert it, and
  -- between inserting and reading a deletion may remove it.
  while opened.session_id is null loop
    select * into opened from public.sessions
    where owner_id = principal_id and kind = session_kind and external_id = wanted_external_id
      and is_active
    for no key update;
    if not found then
      insert into public.sessions (owner_id, project_id, kind, external_id, title)
      values (principal_id, wanted_project_id, session_kind, wanted_external_id, new_title)
      on conflict (owner_id, kind, external_id) where external_id is not null and is_active
        do nothing
      returning * into opened;
      if found and session_kind = 'chat' and wanted_project_id is null then
        insert into public.projects (owner_id, name) values (principal_id, new_title)
        returning project_id into project_of_session;
        update public.sessions set project_id = project_of_session
        where session_id = opened.session_id
        returning * into opened;
      end if;
    end if;
  end loop;
  if wanted_project_id is not null and wanted_project_id is distinct from opened.project_id then
    perform private.refuse(422, 'invalid_request',
      'project_id is not the project of this session: leave it out, or begin a new session.');
  end if;
  return opened;
end
$$;

revoke all on function private.open_session(uuid, text, uuid, text, uuid, text)
from public, anon, authenticated, service_role;
grant execute on function private.open_session(uuid, text, uuid, text, uuid, text) to service_role;
