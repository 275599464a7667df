-- Whether a principal's rows are so few that one transaction may delete them. Stops to count as soon as
-- there are more. A session knows how many messages and replies it has had, a dossier how long its log is.
create function private.owns_at_most(principal_id uuid, row_limit integer) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  -- Each counts rows of $1, and reads at most $2 + 1 of them.
  counts constant text[] := array[
    'select count(*) from (
       select from public.model_calls where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.plan_shares where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (select from public.bots where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (select from public.characters where owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(last_position), 0) from (
       select last_position from public.memory_logs where owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(head - log_start), 0) from (
       select head, log_start from public.dossiers where owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(message_count + last_epoch), 0) from (
       select message_count, last_epoch from public.sessions where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.sessions session
       cross join lateral (
         select from public.message_revisions
         where session_id = session.session_id limit $2 + 1) revision
       where session.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.sessions session
       cross join lateral (
         select from public.conversation_events
         where session_id = session.session_id limit $2 + 1) event
       where session.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.sessions session
       cross join lateral (
         select job_id from public.jobs
         where session_id = session.session_id limit $2 + 1) job
       cross join lateral (
         select from public.job_steps where job_id = job.job_id limit $2 + 1) step
       where session.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.projects project
       cross join lateral (
         select job_id from public.jobs
         where project_id = project.project_id limit $2 + 1) job
       cross join lateral (
         select from public.job_steps where job_id = job.job_id limit $2 + 1) step
       where project.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.projects project
       cross join lateral (
         select job_id from public.jobs
         where project_id = project.project_id limit $2 + 1) job
       cross join lateral (
         select from public.story_events where job_id = job.job_id limit $2 + 1) event
       where project.owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(last_version), 0) from (
       select part.last_version from public.projects project
       cross join lateral (
         select last_version from public.story_parts
         where project_id = project.project_id limit $2 + 1) part
       where project.owner_id = $1 limit $2 + 1) owned'
  ];
  counting text;
  counted bigint;
  total bigint := 0;
begin
  foreach counting in array counts loop
    execute counting into counted using principal_id, row_limit;
    total := total + counted;
    if total > row_limit then
      return false;
    end if;
  end loop;
  return true;
end
$$;

revoke all on function private.owns_at_most(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.owns_at_most(uuid, integer) to service_role;
