-- A new job is begun at once where the database can send requests; elsewhere somebody looks for it. Steps that
-- come later are found by whoever has added them.
create function private.wake_for_step() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from added where step = 1)
    and to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is not null
  then
    -- What cannot be sent must not undo the turn that has left the work.
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
