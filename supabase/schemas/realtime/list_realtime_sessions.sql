-- A session as its owner reads it.
create function private.realtime_session_body(session public.sessions) returns jsonb
language sql stable
return (
  select jsonb_build_object(
    'session_id', session.external_id,
    'conversation_id', session.session_id,
    'user_id', session.owner_id,
    'start_time', private.iso(session.created_at),
    'end_time', private.iso(live.end_time),
    'summary', live.summary,
    'last_event_id', coalesce((
      select event.event_id from public.conversation_events event
      where event.session_id = live.session_id
      order by event.event_id desc
      limit 1), 0))
  from public.live_sessions live
  where live.session_id = session.session_id
);

-- The principal's realtime sessions, newest first: {principal, query: {limit, offset}}.
create function public.list_realtime_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  sessions public.sessions[];
  total bigint;
begin
  perform private.act_as(principal_id);
  -- Ids decide between equals, so that pages neither repeat nor skip.
  select
    (
      select count(*) from public.sessions
      where owner_id = principal_id and is_active and kind = 'realtime' and external_id is not null
    ),
    array(
      select session from public.sessions session
      where owner_id = principal_id and is_active and kind = 'realtime'
        and external_id is not null
      order by last_message_at desc, session_id
      limit row_count offset first_row)
  into total, sessions;
  perform set_config('role', own_role, true);
  return private.answer_page(
    (select jsonb_agg(private.realtime_session_body(sessions[place]) order by place)
     from generate_subscripts(sessions, 1) as place),
    first_row, total);
end
$$;

-- One realtime session: {principal, realtime_session_id}.
create function public.read_realtime_session(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer(private.realtime_session_body(
    private.realtime_session_named(principal_id, request ->> 'realtime_session_id')));
end
$$;

-- A session's events, oldest first: {principal, realtime_session_id, query: {limit, after}}, where `after` is
-- the id of the last known event.
create function public.list_realtime_events(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  after_event_id constant bigint := coalesce((query ->> 'after')::bigint, 0);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  wanted_session_id uuid := (private.realtime_session_named(
    principal_id, request ->> 'realtime_session_id')).session_id;
  page jsonb;
  first_row bigint;
  total bigint;
begin
  perform private.act_as(principal_id);
  select
    (
      select jsonb_agg(private.event_body(listed) order by listed.event_id)
      from (
        select * from public.conversation_events
        where session_id = wanted_session_id and event_id > after_event_id
        order by event_id
        limit row_count
      ) listed
    ),
    (
      select count(*) from public.conversation_events
      where session_id = wanted_session_id and event_id <= after_event_id
    ),
    (select count(*) from public.conversation_events where session_id = wanted_session_id)
  into page, first_row, total;
  perform set_config('role', own_role, true);
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function
  private.realtime_session_body(public.sessions),
  public.list_realtime_sessions(jsonb),
  public.read_realtime_session(jsonb),
  public.list_realtime_events(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.realtime_session_body(public.sessions),
  public.list_realtime_sessions(jsonb),
  public.read_realtime_session(jsonb),
  public.list_realtime_events(jsonb)
to service_role;
