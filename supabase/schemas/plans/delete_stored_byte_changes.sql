-- Removes a deleted principal's rows, because stored_byte_changes has no foreign key.
create function private.delete_stored_byte_changes() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.stored_byte_changes where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_stored_byte_changes() from public, anon, authenticated, service_role;

-- Runs at the end of the transaction: triggers count the rows that cascades delete after all others.
create constraint trigger delete_stored_byte_changes after delete on public.principals
  deferrable initially deferred
  for each row execute function private.delete_stored_byte_changes();
