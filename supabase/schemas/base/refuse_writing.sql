-- A view that is for reading only: whoever has no rights is told so before, as of any other view.
create function private.refuse_writing() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(405, 'method_not_allowed', format(
    '%s can only be read: the functions write what it shows.', tg_table_name));
  return null;
end
$$;

revoke all on function private.refuse_writing() from public, anon, authenticated, service_role;
