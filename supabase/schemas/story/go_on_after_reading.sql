-- Continues a story as soon as its last scene has been read for the dossier: until then its step is
-- postponed (story_work.sql). This waits for no lock, because it holds the reading's: a locked step is
-- being claimed, and becomes due by itself.
create function private.go_on_after_reading() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.job_steps next_step
  set run_after = clock_timestamp()
  from (
    select step.job_id, step.step
    from public.sessions session
    join public.jobs writing
      on writing.project_id = session.project_id and writing.kind = 'story'
    join public.job_steps step on step.job_id = writing.job_id
    where session.session_id = new.session_id and session.kind = 'story'
      and writing.status in ('queued', 'running')
      and step.status = 'queued' and step.attempts = 0 and step.run_after > clock_timestamp()
    for update of step skip locked
  ) put_off
  where next_step.job_id = put_off.job_id and next_step.step = put_off.step;
  return null;
end
$$;

revoke all on function private.go_on_after_reading() from public, anon, authenticated, service_role;

create trigger go_on_after_reading after update on public.jobs
  for each row when (
    new.kind = 'dossier_extraction' and old.finished_at is null and new.finished_at is not null)
  execute function private.go_on_after_reading();
