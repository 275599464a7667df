-- Deletes at most row_limit rows of these projects and of their sessions, children before parents and the
-- projects last, and returns their number. The projects are locked.
create function private.erase_projects(project_ids uuid[], row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  max_sessions constant integer := 50;
  deleted integer := 0;
  deleted_now integer;
  session_ids uuid[];
  part_ids uuid[];
begin
  session_ids := array(
    select session_id from public.sessions
    where session_id = any (array(
      select session_id from public.sessions where project_id = any (project_ids) limit max_sessions))
    order by session_id
    for no key update);
  loop
    deleted_now := private.erase_jobs('{}', project_ids, row_limit - deleted);
    deleted := deleted + deleted_now;
    exit when deleted_now = 0 or deleted >= row_limit;
  end loop;
  perform from public.dossiers where project_id = any (project_ids) order by project_id for no key update;
  deleted := deleted + private.delete_rows_of(
    array[['public.dossier_assertions', 'project_id'], ['public.story_cache', 'project_id']],
    project_ids, row_limit - deleted);
  while deleted < row_limit loop
    part_ids := array(
      select part_id from public.story_parts
      where project_id = any (project_ids)
      order by kind = 'scene' desc
      limit row_limit - deleted);
    exit when part_ids = '{}';
    deleted := deleted + private.delete_rows_of(
      array[['public.story_illustrations', 'part_id'], ['public.story_versions', 'part_id'],
        ['public.story_parts', 'part_id']],
      part_ids, row_limit - deleted);
  end loop;
  if deleted < row_limit then
    deleted := deleted + private.erase_sessions(session_ids, row_limit - deleted);
  end if;
  if deleted < row_limit and cardinality(session_ids) < max_sessions then
    deleted := deleted + private.delete_rows(
      'public.projects', 'project_id', project_ids, row_limit - deleted);
  end if;
  return deleted;
end
$$;

revoke all on function private.erase_projects(uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_projects(uuid[], integer) to service_role;
