-- The character, if the principal may talk to it: one of their own, or a public one; nulls
-- otherwise.
create function private.visible_character(principal_id uuid, wanted_id uuid)
returns public.characters
language sql stable set search_path = '' as $$
  select * from public.characters
  where character_id = wanted_id and (owner_id = principal_id or visibility = 'public');
$$;

revoke all on function private.visible_character(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function private.visible_character(uuid, uuid) to service_role;
