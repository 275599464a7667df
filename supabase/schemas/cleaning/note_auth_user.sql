-- Notes of a new principal whether Supabase Auth has the user, so that one who is deleted there soon afterwards is
-- missed by the next round (mark_removed_users.sql). Security definer: the users belong to Auth.
create function private.note_auth_user() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if to_regclass('auth.users') is null or not has_table_privilege('auth.users', 'select') then
    return new;
  end if;
  new.is_auth_user := exists (select from auth.users where id = new.id);
  return new;
end
$$;

revoke all on function private.note_auth_user() from public, anon, authenticated, service_role;

create trigger note_auth_user before insert on public.principals
  for each row when (new.kind = 'user' and not new.is_auth_user)
  execute function private.note_auth_user();
