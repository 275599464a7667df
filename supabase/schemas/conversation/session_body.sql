-- Sessions as their owners see them. Deleted sessions are treated as missing.

-- message_count and last_message_preview describe the path to the active leaf, its newest message.
create function private.describe_session(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'session_id', session.session_id,
    'user_id', session.owner_id,
    'project_id', session.project_id,
    'project_title', project.name,
    'kind', session.kind,
    'title', session.title,
    'external_id', session.external_id,
    'is_active', session.is_active,
    'message_count', coalesce(leaf.depth, 0),
    'last_message_preview', left(leaf.content, 200),
    'active_leaf_id', session.active_leaf_id,
    'running', private.describe_running(private.running_generation(described.session_id)),
    'instructions', session.instructions,
    'model', session.model,
    'temperature', trim_scale(session.temperature),
    'max_tokens', session.max_tokens,
    'created_at', private.iso(session.created_at),
    'updated_at', private.iso(session.updated_at),
    'last_message_at', private.iso(session.last_message_at))
  from (select session.session_id, session.project_id, session.active_leaf_id) described
  left join public.projects project on project.project_id = described.project_id
  left join public.messages leaf on leaf.message_id = described.active_leaf_id
);

-- The entity tag of a session, which changes with its rows and when a reply begins or ends.
create function private.session_version(session public.sessions) returns text
language sql stable
return concat(private.version_of(session.updated_at),
  'r' || (private.running_generation(session.session_id)).epoch);

-- Refuses a session that does not exist, is deleted, or belongs to another user.
create function private.refuse_session() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such session: list the sessions to see which there are.');
end
$$;

revoke all on function
  private.describe_session(public.sessions),
  private.session_version(public.sessions),
  private.refuse_session()
from public, anon, authenticated, service_role;
grant execute on function
  private.describe_session(public.sessions),
  private.session_version(public.sessions),
  private.refuse_session()
to service_role;
