-- Removes a deleted principal's rows, because plan_shares has no foreign key.
create function private.delete_plan_shares() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.plan_shares where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_plan_shares() from public, anon, authenticated, service_role;

-- At this point the shares are locked (lock_belongings.sql).
create trigger delete_plan_shares after delete on public.principals
  for each row execute function private.delete_plan_shares();
