-- Suspension, by the operator: a suspended principal may do nothing, and nothing is done for them.

-- Ends the sessions of a user at Supabase Auth: no refresh token is valid any more. Does nothing without
-- Supabase Auth. Security definer: the tables belong to Auth.
create function private.end_auth_sessions(ended_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  table_name text;
begin
  foreach table_name in array array['auth.refresh_tokens', 'auth.sessions'] loop
    if to_regclass(table_name) is not null and has_table_privilege(table_name, 'select')
      and has_table_privilege(table_name, 'delete')
    then
      execute format('delete from %s where user_id::text = %L', table_name, ended_user_id);
    end if;
  end loop;
end
$$;

-- Suspends a principal: their tokens are refused from now on, their running replies are asked to stop, and
-- their open jobs end.
create function private.suspend_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  open_job_id uuid;
begin
  if not private.lock_belongings(principal_id) then
    perform private.refuse(404, 'not_found', 'There is no such user: use an id from the list of users.');
  end if;
  update public.principals set suspended_at = coalesce(suspended_at, clock_timestamp())
  where id = principal_id;
  update public.generations set cancel_requested = true
  where owner_id = principal_id and status = 'streaming';
  for open_job_id in
    select job_id from public.jobs
    where owner_id = principal_id and status in ('queued', 'running', 'paused')
    order by job_id
  loop
    perform private.drop_job(open_job_id);
  end loop;
  perform private.end_auth_sessions(principal_id);
end
$$;

-- Lets a suspended principal in again, with the tokens that are still valid.
create function private.reinstate_principal(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.principals set suspended_at = null where id = principal_id;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such user: use an id from the list of users.');
  end if;
end
$$;

revoke all on function
  private.end_auth_sessions(uuid),
  private.suspend_principal(uuid),
  private.reinstate_principal(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.end_auth_sessions(uuid),
  private.suspend_principal(uuid),
  private.reinstate_principal(uuid)
to service_role;
