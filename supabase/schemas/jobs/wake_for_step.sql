-- Starts a worker for a new job at once if the database can send requests; elsewhere a scheduler polls. The
-- worker that adds later steps finds them itself.
create function private.wake_for_step() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from added where step = 1)
    and to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is not null
  then
    -- A request that cannot be sent must not undo the turn that has added the job.
    begin
      perform private.wake_functions();
    exception when others then
      raise warning 'the function tasks was not called: %', sqlerrm;
    end;
  end if;
  return null;
end
$$;

revoke all on function private.wake_for_step() from public, anon, authenticated, service_role;

create trigger wake_for_step after insert on public.job_steps
  referencing new table as added
  for each statement execute function private.wake_for_step();
