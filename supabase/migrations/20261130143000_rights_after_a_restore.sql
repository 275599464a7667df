-- A dump that is restored into a new project of Supabase has rights there that it did not have: the project gives
-- them to each new function. The function that puts the rights of tables back now puts those of functions back too.

set local lock_timeout = '10s';

create or replace function private.align_grants_with_policies() returns void
language plpgsql set search_path = '' as $$
declare
  protected record;
  allowed record;
begin
  for protected in
    select oid::regclass as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relrowsecurity
  loop
    execute format('revoke all on %s from public, anon, authenticated', protected.name);
    execute format('grant all on %s to service_role', protected.name);
    for allowed in
      select case policy.polcmd
          when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
          when 'd' then 'delete' else 'select, insert, update, delete'
        end as commands,
        role.rolname as role_name
      from pg_policy policy
      join pg_roles role on role.oid = any (policy.polroles)
      where policy.polrelid = protected.name and role.rolname in ('anon', 'authenticated')
    loop
      execute format('grant %s on %s to %I',
        allowed.commands, protected.name, allowed.role_name);
    end loop;
  end loop;
  -- A view shows what its tables' policies let whoever asks see, and is written through by nobody.
  for protected in
    select oid::regclass as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'v'
      and 'security_invoker=true' = any (reloptions)
  loop
    execute format('revoke all on %s from public, anon, authenticated', protected.name);
    execute format('grant all on %s to service_role', protected.name);
    execute format('grant select on %s to authenticated', protected.name);
  end loop;
  -- The edge names its caller in the request, and so nobody else may call the engine.
  for protected in
    select oid::regprocedure as name from pg_proc
    where pronamespace = 'public'::regnamespace
      and pg_get_function_identity_arguments(oid) = 'request jsonb'
  loop
    execute format('revoke all on function %s from public, anon, authenticated', protected.name);
  end loop;
end
$$;

revoke all on function private.align_grants_with_policies()
from public, anon, authenticated, service_role;

select private.align_grants_with_policies();
