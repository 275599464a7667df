-- For a read-only view: a caller without rights is refused before this, as by any other view.
create function private.refuse_writing() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(405, 'method_not_allowed', format(
    '%s can only be read: the functions write what it shows.', tg_table_name));
  return null;
end
$$;

revoke all on function private.refuse_writing() from public, anon, authenticated, service_role;
