-- Marks accounts as deleted whose user has been deleted at Supabase Auth, in its dashboard for example:
-- compares at most row_limit users, the next ones by id, and returns their number. A round through all users
-- begins at most every half hour. Only a user whom Auth once had can be missed there: a database may also
-- have users whose tokens come from elsewhere. Security definer: the users belong to Auth.
create function private.mark_removed_users(row_limit integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  pause constant interval := '30 minutes';
  state public.cleaning_state;
  user_ids uuid[];
  removed_id uuid;
begin
  if to_regclass('auth.users') is null or not has_table_privilege('auth.users', 'select') then
    return 0;
  end if;
  select * into state from public.cleaning_state for no key update skip locked;
  if not found or state.users_read_to is null and state.round_ended_at > clock_timestamp() - pause then
    return 0;
  end if;
  user_ids := array(
    select id from public.principals
    where id > coalesce(state.users_read_to, '00000000-0000-0000-0000-000000000000')
    order by id
    limit row_limit);
  if user_ids = '{}' then
    update public.cleaning_state set users_read_to = null, round_ended_at = clock_timestamp();
    return 0;
  end if;
  update public.cleaning_state set users_read_to = user_ids[cardinality(user_ids)];
  update public.principals
  set is_auth_user = true
  where id = any (array(
    select id from public.principals
    where id = any (user_ids) and kind = 'user' and not is_auth_user and exists (
      select from auth.users known where known.id = principals.id)
    order by id
    for no key update skip locked));
  for removed_id in
    select id from public.principals
    where id = any (user_ids) and is_auth_user and deleted_at is null
      and not exists (select from auth.users known where known.id = principals.id)
    order by id
    for no key update skip locked
  loop
    perform private.note_deletion(removed_id, array[
      private.identity_hash(jsonb_build_object('kind', 'user', 'subject', removed_id))]);
    perform private.mark_deleted(removed_id);
  end loop;
  return cardinality(user_ids);
end
$$;

revoke all on function private.mark_removed_users(integer)
from public, anon, authenticated, service_role;
grant execute on function private.mark_removed_users(integer) to service_role;
