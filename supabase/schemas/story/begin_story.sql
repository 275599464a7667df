-- The existing task of a request: one with the same idempotency key, or one that is open for the same answer.
create function private.find_story_task(principal_id uuid, request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
  known public.story_requests;
begin
  if request ->> 'idempotency_key' is not null then
    select * into known from public.story_requests
    where owner_id = principal_id and idempotency_key = request ->> 'idempotency_key'
    limit 1;
    if found and known.request_hash is distinct from coalesce(request ->> 'request_hash', '-') then
      perform private.refuse(422, 'idempotency_key_reused',
        'This Idempotency-Key was used for another request: use a new one.');
    end if;
    if found then
      select * into job from public.jobs where job_id = known.job_id;
      return job;
    end if;
  end if;
  select open.* into job
  from public.story_cache entry
  join public.jobs open on open.job_id = entry.job_id
  where entry.owner_id = principal_id and entry.cache_key = request ->> 'cache_key'
    and entry.body is null and open.status in ('queued', 'running', 'paused')
  order by entry.created_at desc
  limit 1;
  return job;
end
$$;

-- Whether answers of a route are cached: a continuation of a story is generated each time.
create function private.is_story_cached(route text) returns boolean
language sql immutable parallel safe
return route not in ('continue', 'scene', 'illustrations');

-- The cached answer to the request; null when there is none, or none is valid. For a request with a project
-- id it is valid only while nothing of the story has changed.
create function private.read_story_cache(principal_id uuid, request jsonb) returns public.story_cache
language plpgsql set search_path = '' as $$
declare
  kept_for constant interval := private.retention_of('story_cache');
  entry public.story_cache;
begin
  delete from public.story_cache
  where owner_id = principal_id and created_at <= clock_timestamp() - kept_for and body is not null;
  if (request ->> 'fresh')::boolean or not private.is_story_cached(request ->> 'route') then
    return null;
  end if;
  select * into entry from public.story_cache
  where owner_id = principal_id and cache_key = request ->> 'cache_key' and body is not null
    -- A whole story's answer names the task, which is kept for a shorter time.
    and (route <> 'full' or job_id is not null)
    and (request ->> 'project_id' is null
      or project_id = private.read_id(request, 'project_id')
        and not exists (
          select from public.story_parts part
          where part.project_id = story_cache.project_id and part.updated_at > story_cache.created_at))
  order by created_at desc
  limit 1;
  if found then
    update public.story_cache set hits = hits + 1 where entry_id = entry.entry_id;
  end if;
  return entry;
end
$$;

-- Begins a story's task, or finds its answer: {principal, admission?, route, settings, adjustments?, given: {premise?,
-- outline?, story_text?, idea?, feedback?, scene_id?}, project_id?, cache_key, fresh?, share: {calls,
-- tokens}, expected_steps?, title?, idempotency_key?, request_hash?, named?}. Returns {outcome: "cached" |
-- "begun" | "joined", task_id, project_id, settings, body?}: the settings of the story, and the cached
-- answer. An existing story changes only the settings in `named`; without `named`, all. Only one task of a
-- story is open at a time.
create function public.begin_story(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  route constant text := request ->> 'route';
  principal_id uuid;
  cached public.story_cache;
  job public.jobs;
  project public.projects;
  story public.stories;
  phases constant text[] := array['setup', 'premise', 'outline', 'writing', 'export'];
  phase_of_route constant text := case
    when route in ('ideas', 'setup') then 'setup'
    when route = 'premise' then 'premise'
    when route in ('outline', 'refine') then 'outline'
    else 'writing'
  end;
begin
  if (route in ('premise', 'outline', 'refine', 'start', 'continue', 'full', 'ideas', 'setup', 'scene'))
      is not true
    or (request ->> 'cache_key' ~ '^[0-9a-f]{64}$') is not true
    or jsonb_typeof(request -> 'settings') is distinct from 'object'
  then
    perform private.refuse(422, 'invalid_request',
      'route must be a route of the story, cache_key a SHA-256 in hexadecimal digits, and settings an object.');
  end if;
  principal_id := private.admit(request);
  -- A new project needs the owner before anything else is locked.
  perform private.hold_principal(principal_id);
  -- Equal requests at once are one task, also when the first of them makes the project.
  perform pg_advisory_xact_lock(hashtextextended('story:' || principal_id, 0));
  job := private.find_story_task(principal_id, request);
  if job.job_id is not null then
    return private.begun_story('joined', job.job_id, job.project_id);
  end if;
  cached := private.read_story_cache(principal_id, request);
  if cached.entry_id is not null then
    return private.begun_story('cached', cached.job_id, cached.project_id)
      || jsonb_build_object('body', cached.body);
  end if;

  project := private.find_story_project(principal_id, request);
  select * into job from public.jobs
  where subject_id = project.project_id and kind = 'story' and merge_key = 'story'
    and status in ('queued', 'running', 'paused');
  if found then
    if job.payload ->> 'cache_key' = request ->> 'cache_key' then
      return private.begun_story('joined', job.job_id, job.project_id);
    end if;
    perform private.refuse(409, 'story_in_progress', format(
      'This story is being worked on by task %s: wait until it ends, or cancel it.', job.job_id), '2');
  end if;
  perform private.check_open_jobs(principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  insert into public.stories (project_id, owner_id, settings, title, created_at)
  values (project.project_id, principal_id, request -> 'settings',
    left(coalesce(request ->> 'title', request #>> '{settings,title}', ''), 200), clock_timestamp())
  on conflict (project_id) do update
  set settings = case
        when stories.settings = '{}' or request -> 'named' is null then excluded.settings
        else stories.settings || (
          select coalesce(jsonb_object_agg(key, value), '{}')
          from jsonb_each(excluded.settings) setting
          where request -> 'named' ? setting.key)
      end,
      title = coalesce(nullif(excluded.title, ''), stories.title),
      extra_pieces = 0
  returning * into story;
  perform private.take_givens(story, request);
  update public.projects set phase = phase_of_route
  where project_id = project.project_id
    and array_position(phases, phase) < array_position(phases, phase_of_route);

  job := private.add_job(jsonb_build_object(
    'kind', 'story', 'owner_id', principal_id, 'project_id', project.project_id, 'merge_key', 'story',
    'kept_for', private.retention_of('story_tasks'), 'reports_progress', true,
    'payload', jsonb_strip_nulls(jsonb_build_object(
      'route', route, 'cache_key', request -> 'cache_key', 'settings', story.settings,
      'adjustments', request -> 'adjustments', 'expected_steps', request -> 'expected_steps',
      -- The parts are stored as rows.
      'given', coalesce(nullif(request -> 'given', 'null'), '{}') - array['premise', 'story_text']
        - case when jsonb_typeof(request #> '{given,outline}') = 'array' then 'outline' else '' end))));
  if private.is_story_cached(route) then
    insert into public.story_cache (owner_id, project_id, cache_key, route, job_id, created_at)
    values (principal_id, project.project_id, request ->> 'cache_key', route, job.job_id, clock_timestamp());
  end if;
  if request ->> 'idempotency_key' is not null then
    insert into public.story_requests (job_id, owner_id, idempotency_key, request_hash)
    values (job.job_id, principal_id, request ->> 'idempotency_key',
      coalesce(request ->> 'request_hash', '-'));
  end if;
  -- After all other locks.
  perform private.check_stored_bytes(principal_id);
  perform private.take_share(
    principal_id, job.job_id, coalesce((request #>> '{share,calls}')::integer, 0),
    coalesce((request #>> '{share,tokens}')::bigint, 0), 0);
  perform private.check_tokens_of_day(principal_id, request);
  return private.begun_story('begun', job.job_id, project.project_id);
end
$$;

create function private.begun_story(outcome text, task_id uuid, wanted_project_id uuid) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'outcome', outcome, 'task_id', task_id, 'project_id', wanted_project_id, 'settings', (
    select settings from public.stories where project_id = wanted_project_id));

revoke all on function
  private.find_story_task(uuid, jsonb),
  private.is_story_cached(text),
  private.read_story_cache(uuid, jsonb),
  public.begin_story(jsonb),
  private.begun_story(text, uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.find_story_task(uuid, jsonb),
  private.is_story_cached(text),
  private.read_story_cache(uuid, jsonb),
  public.begin_story(jsonb),
  private.begun_story(text, uuid, uuid)
to service_role;
