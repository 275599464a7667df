-- Removes a deleted principal's rows, because the ledger has no foreign key.
create function private.delete_model_calls() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.model_calls where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_model_calls() from public, anon, authenticated, service_role;

-- Runs after the cascades, which wait for turns that are ending.
create trigger delete_model_calls after delete on public.principals
  for each row execute function private.delete_model_calls();
