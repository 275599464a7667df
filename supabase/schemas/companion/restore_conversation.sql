-- The time in a snapshot, which is UTC if it names no zone; null for an invalid one.
create function private.read_moment(value text) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin
  if value !~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d' then
    return null;
  end if;
  return case when value ~ '(Z|[+-]\d\d(:?\d\d)?)$' then value::timestamptz
    else (value || 'Z')::timestamptz end;
exception when others then
  return null;
end
$$;

-- Restores a conversation from its snapshot: {principal, conversation_id, snapshot, is_server}; the body is
-- the conversation, with 201 if its rows were deleted. A snapshot that names a user is for that user, or for
-- the account to which the guest has moved; one that names nobody requires a server that acts for the
-- principal.
create function public.restore_conversation(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_messages constant integer := 1000;
  max_content_bytes constant integer := 4194304;
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'conversation_id');
  snapshot constant jsonb := nullif(request -> 'snapshot', 'null');
  owner_text constant text := lower(snapshot ->> 'user_id');
  character_text constant text := lower(snapshot ->> 'character_id');
  uuid_pattern constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
  session public.sessions;
  said record;
  said_at timestamptz;
begin
  select * into session from public.sessions where session_id = wanted_id for no key update;
  if found then
    if session.owner_id <> principal_id or session.kind <> 'companion' then
      perform private.refuse_conversation();
    end if;
    if not session.is_active then
      update public.sessions set is_active = true where session_id = wanted_id
      returning * into session;
    end if;
    return private.answer(private.conversation_body(session, max_messages));
  end if;
  if snapshot is null or jsonb_typeof(snapshot -> 'messages') is distinct from 'array'
    or (case
      when owner_text = principal_id::text then false
      when owner_text ~ uuid_pattern then not exists (
        select from public.principals where id = owner_text::uuid and migrated_to = principal_id)
      else (request ->> 'is_server')::boolean is not true
    end)
  then
    perform private.refuse_conversation();
  end if;

  said_at := coalesce(private.read_moment(snapshot ->> 'created_at'), clock_timestamp());
  insert into public.sessions (
    session_id, owner_id, kind, title, character_id, created_at, last_message_at)
  values (
    wanted_id, principal_id, 'companion',
    coalesce(nullif(btrim(left(snapshot ->> 'title', 200)), ''), 'Restored conversation'),
    case when character_text ~ uuid_pattern then character_text::uuid end,
    said_at, said_at)
  on conflict do nothing
  returning * into session;
  if session.session_id is null then
    perform private.refuse_conversation();
  end if;
  delete from public.deleted_snapshots where conversation_id = wanted_id;
  for said in
    select value ->> 'role' as role, value ->> 'content' as content,
      private.read_moment(value ->> 'timestamp') as at
    from jsonb_array_elements(snapshot -> 'messages')
  loop
    -- What the system says is said anew with each prompt.
    continue when said.role is null or said.role not in ('user', 'assistant')
      or coalesce(said.content, '') = '' or octet_length(said.content) > max_content_bytes;
    -- In order, whatever the clocks said.
    said_at := greatest(said_at, said.at);
    session := private.append_message(
      session, said.role, said.content, '{"is_given": true, "is_restored": true}', said_at);
  end loop;
  update public.sessions
  set active_leaf_id = session.active_leaf_id, message_count = session.message_count,
      turn_count = session.turn_count,
      last_message_at = greatest(said_at, private.read_moment(snapshot ->> 'updated_at'))
  where session_id = wanted_id
  returning * into session;
  return private.answer(private.conversation_body(session, max_messages), 201);
end
$$;

revoke all on function
  private.read_moment(text),
  public.restore_conversation(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_moment(text),
  public.restore_conversation(jsonb)
to service_role;
