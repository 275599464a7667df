-- Sets the time of a row's last change.
create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

revoke all on function private.touch_updated_at() from public, anon, authenticated, service_role;
