-- The messages of a path, from its end up, that are not marked for reading, the last of them first:
-- they were not worth a call of their own.
create function private.unmarked_until(last_message_id uuid) returns uuid[]
language sql stable set search_path = ''
return array(
  with recursive unmarked as (
    select message.message_id, message.session_id, message.parent_id, 1 as steps
    from public.messages message
    where message.message_id = last_message_id
    union all
    select parent.message_id, parent.session_id, parent.parent_id, unmarked.steps + 1
    from unmarked
    -- The limit keeps the planner from joining with the whole table.
    cross join lateral (
      select * from public.messages where messages.message_id = unmarked.parent_id limit 1
    ) parent
    where unmarked.steps < 8 and not exists (
      select from public.message_extractions marked
      where marked.session_id = parent.session_id and marked.message_id = parent.message_id)
  )
  select message_id from unmarked order by steps);

-- Marks these existing messages to be read for the dossier. The session is locked.
create function private.mark_for_extraction(wanted_session_id uuid, message_ids uuid[])
returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.message_extractions (session_id, message_id, owner_id)
  select session.session_id, message.message_id, session.owner_id
  from public.sessions session
  cross join unnest(message_ids) as wanted (message_id)
  cross join lateral (
    select message_id from public.messages where message_id = wanted.message_id limit 1
  ) message
  where session.session_id = wanted_session_id and session.project_id is not null
  on conflict (session_id, message_id) do nothing;
  if found then
    perform private.plan_extraction(wanted_session_id);
  end if;
end
$$;

revoke all on function
  private.unmarked_until(uuid),
  private.mark_for_extraction(uuid, uuid[])
from public, anon, authenticated, service_role;
grant execute on function
  private.unmarked_until(uuid),
  private.mark_for_extraction(uuid, uuid[])
to service_role;
