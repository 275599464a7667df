-- Moves a guest's usage to an account, and the guest's plan if the operator has assigned one to the guest and
-- none to the account.
create function private.move_plan(guest_id uuid, account_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  -- Triggers have moved what the guest stores.
  delete from public.stored_byte_changes where owner_id = guest_id;
  update public.plan_shares set owner_id = account_id where owner_id = guest_id;
  insert into public.principal_plans as known (owner_id, plan)
  select account_id, plan from public.principal_plans
  where owner_id = guest_id and plan is not null
  on conflict (owner_id) do update set plan = coalesce(known.plan, excluded.plan);
  delete from public.principal_plans where owner_id = guest_id;
end
$$;

revoke all on function private.move_plan(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function private.move_plan(uuid, uuid) to service_role;
