-- Gives anon and authenticated exactly the rights that some policy covers, and service_role everything, on
-- every table of `public` with row level security, lets authenticated read the views on them, and leaves the
-- engine's functions to service_role. Each migration with tables, views or policies ends with a call of it. It
-- is a function, because Supabase's defaults, and the embedded Supabase at each start, give all rights to all
-- three: also when a dump is restored into a new project of Supabase, after which it is called.
create function private.align_grants_with_policies() returns void
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

-- Covers all tables and policies of the schema files, which exist at this point.
select private.align_grants_with_policies();
