-- A character whose avatar is nothing but spaces and a letter is refused, and an unknown conversation with a
-- companion is refused by the name that its clients know.

create or replace function private.check_character(companion public.characters) returns void
language plpgsql set search_path = '' as $$
begin
  if char_length(companion.name) not between 1 and 200 then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if octet_length(companion.persona) + octet_length(companion.personality)
    + octet_length(companion.scenario) + octet_length(companion.example_dialogue)
    + octet_length(companion.system_prompt) + octet_length(companion.closing_instructions) > 100000
  then
    perform private.refuse(422, 'invalid_request',
      'persona, personality, scenario, example_dialogue, system_prompt and closing_instructions '
        'must have 100000 bytes together at most: shorten one of them.');
  end if;
  if octet_length(companion.greeting) > 100000 then
    perform private.refuse(422, 'invalid_request', 'greeting must have 100000 bytes at most.');
  end if;
  if cardinality(companion.alternative_greetings) > 100
    or octet_length(array_to_string(companion.alternative_greetings, '')) > 400000
  then
    perform private.refuse(422, 'invalid_request',
      'alternative_greetings must be 100 texts at most, of 400000 bytes together.');
  end if;
  -- Without the spaces around it, it may be shorter than what was sent.
  if char_length(companion.avatar) not between 3 and 1024 then
    perform private.refuse(422, 'invalid_request',
      'avatar must name a picture in Supabase Storage, bucket/path, with 3 to 1024 characters.');
  end if;
end
$$;

create or replace function private.open_session(
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
    end if;
  end loop;
  if wanted_project_id is not null and wanted_project_id is distinct from opened.project_id then
    perform private.refuse(422, 'invalid_request',
      'project_id is not the project of this session: leave it out, or begin a new session.');
  end if;
  return opened;
end
$$;
