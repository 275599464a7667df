create function private.refuse_job() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such job: use the id that it was begun with.');
end
$$;

revoke all on function private.refuse_job() from public, anon, authenticated, service_role;
grant execute on function private.refuse_job() to service_role;
