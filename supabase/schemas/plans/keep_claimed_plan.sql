-- Keeps the plan that a token names, for jobs and for calls without a token. When the principal's row is locked,
-- their next call does it: concurrent calls must not wait for each other. A name that no plan has is logged
-- for the operator; it is no fault of the caller.
create function private.keep_claimed_plan(principal_id uuid, plan_name text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.principals
  where id = principal_id and claimed_plan is distinct from plan_name
  for no key update skip locked;
  if not found then
    return;
  end if;
  update public.principals set claimed_plan = plan_name where id = principal_id;
  if plan_name is not null and not exists (select from public.plans where name = plan_name) then
    raise warning 'a token names the plan "%", which does not exist: its user has the default plan', plan_name;
  end if;
end
$$;

revoke all on function private.keep_claimed_plan(uuid, text) from public, anon, authenticated, service_role;
grant execute on function private.keep_claimed_plan(uuid, text) to service_role;
