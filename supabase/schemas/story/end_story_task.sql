-- Runs when a story's task changes its state in any way: its watchers are informed, and when it ends, its
-- answer is cached for the same request, or removed so that the next one generates it again.
create function private.follow_story_task() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.add_story_event(new.job_id, 'status', jsonb_strip_nulls(jsonb_build_object(
    'status', private.story_task_status(new.status), 'error', private.told_failure(new.error) -> 'message')));
  if new.status = 'done' then
    delete from public.story_cache older
    using public.story_cache entry
    where entry.job_id = new.job_id and older.owner_id = entry.owner_id
      and older.cache_key = entry.cache_key and older.entry_id <> entry.entry_id;
    update public.story_cache
    set body = private.story_result(new), created_at = clock_timestamp()
    where job_id = new.job_id;
  elsif new.finished_at is not null then
    delete from public.story_cache where job_id = new.job_id and body is null;
  end if;
  return null;
end
$$;

-- A job's status in the terms of the story's callers.
create function private.story_task_status(status text) returns text
language sql immutable parallel safe
return case status
  when 'queued' then 'pending' when 'running' then 'processing' when 'done' then 'completed' else status
end;

revoke all on function
  private.follow_story_task(),
  private.story_task_status(text)
from public, anon, authenticated, service_role;
grant execute on function private.story_task_status(text) to service_role;

create trigger follow_story_task after update of status on public.jobs
  for each row when (new.kind = 'story' and old.status <> new.status)
  execute function private.follow_story_task();
