-- The messages with this one's parent and role, including itself.
create function private.takes_of(target public.messages) returns setof public.messages
language sql stable set search_path = '' as $$
  select take.* from public.messages take
  where take.session_id = target.session_id and take.parent_id = target.parent_id
    and take.role = target.role
  union all
  -- An index finds these too, but not with one condition that means both.
  select take.* from public.messages take
  where target.parent_id is null
    and take.session_id = target.session_id and take.parent_id is null
    and take.role = target.role;
$$;

revoke all on function private.takes_of(public.messages)
from public, anon, authenticated, service_role;
grant execute on function private.takes_of(public.messages) to authenticated, service_role;
