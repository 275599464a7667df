-- Who may do what. Users read their own rows over REST and write nothing: all writing goes through
-- engine functions, which the edge alone may call, or anybody could forge a model's reply.

create policy own_projects_are_readable on public.projects for select to authenticated
  using (owner_id = (select private.current_principal()));
create policy own_sessions_are_readable on public.sessions for select to authenticated
  using (owner_id = (select private.current_principal()));
create policy own_messages_are_readable on public.messages for select to authenticated
  using (owner_id = (select private.current_principal()));

-- Gives anon and authenticated exactly what some policy is about, and service_role everything, on
-- every table of `public` with row level security. Each migration with tables or policies ends with
-- a call of it. A function, because Supabase's defaults, and the embedded Supabase at each start,
-- give all rights to all three.
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
end
$$;

select private.align_grants_with_policies();

grant usage on schema public to anon, authenticated, service_role;
grant usage on schema private to authenticated, service_role;

revoke all on all functions in schema private from public, anon, authenticated, service_role;
grant execute on function private.current_principal() to authenticated;
grant execute on function
  private.estimate_tokens(text)
to authenticated;
grant execute on function
  private.refuse(integer, text, text, text),
  private.read_id(jsonb, text),
  private.resolve_principal(jsonb),
  private.text_beyond(integer, integer, text),
  private.close_generation(public.generations, jsonb),
  private.act_as(uuid),
  private.open_session(uuid, text, uuid, uuid, text),
  private.end_silent_turn(uuid),
  private.read_history(uuid, uuid, integer),
  private.estimate_tokens(text)
to service_role;

revoke all on function
  public.begin_turn(jsonb),
  public.append_chunk(jsonb),
  public.finish_turn(jsonb)
from public, anon, authenticated;
grant execute on function
  public.begin_turn(jsonb),
  public.append_chunk(jsonb),
  public.finish_turn(jsonb)
to service_role;
