-- What a principal has used goes with it: the ledger has no foreign key.
create function private.delete_model_calls() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.model_calls where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_model_calls() from public, anon, authenticated, service_role;

-- After the cascades, which have waited for turns that were ending.
create trigger delete_model_calls after delete on public.principals
  for each row execute function private.delete_model_calls();
