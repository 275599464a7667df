-- What a principal has used goes with it: usage has no foreign key.
create function private.delete_usage() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.usage where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_usage() from public, anon, authenticated, service_role;

-- After the cascades, which have waited for turns that were ending.
create trigger delete_usage after delete on public.principals
  for each row execute function private.delete_usage();
