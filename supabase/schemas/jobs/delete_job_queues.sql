-- Removes a deleted principal's rows, because job_queues has no foreign key.
create function private.delete_job_queues() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.job_queues where owner_id = old.id;
  return null;
end
$$;

revoke all on function private.delete_job_queues() from public, anon, authenticated, service_role;

-- Runs after the cascades, which wait for transactions that are adding work.
create trigger delete_job_queues after delete on public.principals
  for each row execute function private.delete_job_queues();
