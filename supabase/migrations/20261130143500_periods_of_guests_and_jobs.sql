-- How long guests, finished jobs, tasks of stories and cached answers are kept may be changed, too. Like the
-- schema files.

insert into public.retention_periods (part, kept) values
  ('guests', '30 days'),
  ('finished_jobs', '1 day'),
  ('story_tasks', '7 days'),
  ('story_cache', '30 days');

create or replace function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  principal public.principals := private.find_principal(caller);
begin
  if principal.id is null and caller ->> 'kind' <> 'guest' then
    -- Two first calls at once may collide in any key of the same new row.
    insert into public.principals (id, kind, issuer, subject, guest_token_hash, expires_at)
    select new.id, new.kind, new.issuer, new.subject, new.guest_token_hash, new.expires_at
    from (
      select private.read_id(caller, 'subject') as id, 'user' as kind,
        caller ->> 'issuer' as issuer, private.read_id(caller, 'subject')::text as subject,
        null as guest_token_hash, null::timestamptz as expires_at
      where caller ->> 'kind' = 'user'
      union all
      select private.read_id(caller, 'subject'), 'user', 'supabase',
        private.read_id(caller, 'subject')::text, null, null
      where caller ->> 'kind' = 'named'
      union all
      select gen_random_uuid(), 'external', caller ->> 'issuer', caller ->> 'subject', null, null
      where caller ->> 'kind' = 'external'
      union all
      select gen_random_uuid(), 'guest', null, null, caller ->> 'token_hash',
        clock_timestamp() + private.retention_of('guests')
      where caller ->> 'kind' = 'new_guest'
    ) new
    on conflict do nothing;
    -- Looked at after the row is there: a deletion at the same time has either seen the row or left
    -- its mark.
    if private.is_deleted(caller) then
      perform private.refuse_deleted_account();
    end if;
    principal := private.find_principal(caller);
  end if;
  if principal.id is null and private.is_deleted(caller) then
    perform private.refuse_deleted_account();
  end if;
  perform private.require_current(principal);

  -- Before the lock below: two that hold it and then both wanted to write would wait for each other
  -- as soon as a migration waited for both.
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + private.retention_of('guests') end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  -- A server with the secret key has no token of the user.
  if caller ->> 'kind' in ('user', 'external')
    and principal.claimed_plan is distinct from left(caller ->> 'plan', 64)
  then
    perform private.keep_claimed_plan(principal.id, left(caller ->> 'plan', 64));
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

create or replace function private.add_job(request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  steps constant jsonb := coalesce(request -> 'steps', '[{}]');
  joins_open constant boolean := coalesce(request ->> 'merge', 'waiting') = 'open';
  due_at constant timestamptz := coalesce(
    (request ->> 'run_after')::timestamptz, clock_timestamp());
  job public.jobs;
begin
  -- Jobs whose time is over are deleted when the next one of their kind and subject begins.
  delete from public.jobs old
  where old.kind = request ->> 'kind' and old.finished_at + old.kept_for < clock_timestamp()
    and (old.session_id = (request ->> 'session_id')::uuid
      or old.project_id = (request ->> 'project_id')::uuid);
  -- A worker that is claiming the open job at this moment may not see the new work, and may end the job.
  -- Writing to the job's row waits for that worker; if the job has ended, a new one is made.
  insert into public.jobs as open_one (
    kind, owner_id, session_id, project_id, merge_key, is_serial, payload, kept_for, created_at,
    reports_progress)
  values (
    request ->> 'kind', (request ->> 'owner_id')::uuid, (request ->> 'session_id')::uuid,
    (request ->> 'project_id')::uuid, request ->> 'merge_key',
    coalesce((request ->> 'is_serial')::boolean, true), coalesce(request -> 'payload', '{}'),
    case when request ? 'kept_for' then (request ->> 'kept_for')::interval
      else private.retention_of('finished_jobs') end,
    clock_timestamp(), coalesce((request ->> 'reports_progress')::boolean, false))
  on conflict (subject_id, kind, merge_key)
    where status in ('queued', 'running', 'paused') and merge_key is not null
    do update set payload = case when joins_open then open_one.payload
      else open_one.payload || excluded.payload end
  returning * into job;
  if exists (select from public.job_steps where job_id = job.job_id) then
    if joins_open then
      return job;
    end if;
    update public.job_steps
    set payload = payload || coalesce(steps -> 0, '{}'),
        run_after = case when request ? 'run_after' then due_at else run_after end
    where job_id = job.job_id and step = (
      select min(step) from public.job_steps
      where job_id = job.job_id and status in ('waiting', 'queued') and attempts = 0);
    if found then
      return job;
    end if;
  end if;
  perform private.add_steps(job, steps, due_at);
  return job;
end
$$;

create or replace function private.read_story_cache(principal_id uuid, request jsonb) returns public.story_cache
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

create or replace function public.begin_story(request jsonb) returns jsonb
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

create or replace function public.begin_story_illustrations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  principal_id constant uuid := private.admit(request);
  story constant public.stories := private.open_story(principal_id, private.read_id(body, 'project_id'));
  named_ids uuid[];
  scene_ids uuid[];
  job public.jobs;
  task_message text;
begin
  select * into job from public.jobs
  where subject_id = story.project_id and kind = 'story_illustrations' and merge_key = 'story'
    and status in ('queued', 'running', 'paused');
  if found then
    perform private.refuse(409, 'story_in_progress', format(
      'Pictures of this story are being drawn by task %s: wait until it ends, or cancel it.', job.job_id), '2');
  end if;
  if jsonb_typeof(body -> 'scene_ids') = 'array' then
    select array_agg(distinct sent.scene_id::uuid) into named_ids
    from jsonb_array_elements_text(body -> 'scene_ids') sent (scene_id);
  end if;
  select array_agg(scene.part_id order by scene.number) into scene_ids
  from public.story_parts scene
  where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is not null
    and scene.plan ->> 'image_prompt' ~ '\S'
    and case when named_ids is null
      then not exists (select from public.story_illustrations known where known.part_id = scene.part_id)
      else scene.part_id = any (named_ids)
    end;
  if cardinality(scene_ids) is distinct from coalesce(cardinality(named_ids), cardinality(scene_ids)) then
    perform private.refuse(422, 'invalid_request',
      'Each of scene_ids must be a scene of this story that is not deleted and has an image_prompt.');
  end if;
  if scene_ids is null then
    perform private.refuse(422, 'invalid_request',
      'There is nothing to draw: no scene has an image_prompt and no picture. Write an outline, or name the '
      'scenes that are to be drawn again in scene_ids.');
  end if;
  perform private.check_open_jobs(principal_id, private.limit_of_caller(request, 'open_jobs')::integer);
  task_message := format('%s %s to be drawn.', cardinality(scene_ids),
    case when cardinality(scene_ids) = 1 then 'picture is' else 'pictures are' end);
  job := private.add_job(jsonb_build_object(
    'kind', 'story_illustrations', 'owner_id', principal_id, 'project_id', story.project_id,
    'merge_key', 'story', 'kept_for', private.retention_of('story_tasks'),
    -- One picture that cannot be drawn keeps no other from being drawn.
    'is_serial', false,
    'payload', jsonb_strip_nulls(jsonb_build_object('route', 'illustrations', 'style', body -> 'style')),
    'steps', (
      select jsonb_agg(jsonb_build_object('scene_id', wanted.scene_id) order by wanted.place)
      from unnest(scene_ids) with ordinality as wanted (scene_id, place))));
  update public.jobs set message = task_message where job_id = job.job_id;
  -- After all other locks.
  perform private.take_share(
    principal_id, job.job_id, cardinality(scene_ids), 0, cardinality(scene_ids));
  return private.answer(
    jsonb_build_object(
      'task_id', job.job_id, 'project_id', story.project_id,
      'status', private.story_task_status(job.status), 'message', task_message,
      'status_url', format('/story/task/%s/status', job.job_id)),
    202);
end
$$;

create or replace function private.retentions() returns table (table_name text, part text, rule text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('principals', 'expired_guests', 'guests: retention_periods, 30 days without use; deleted accounts until they are erased'),
    ('deleted_accounts', 'expired_guests', 'retention_periods: 7 days, the longest life of a token, and until everything is erased'),
    ('model_calls', 'model_calls', 'retention_periods: 400 days; nobody''s when the account is deleted'),
    ('idempotency_keys', 'idempotency_keys', 'retention_periods: 1 day, and no longer than the account'),
    ('plan_shares', 'plan_shares', 'retention_periods: 400 days, and no longer than the account'),
    ('withdrawn_calls', 'withdrawn_calls', 'retention_periods: 1 day'),
    ('stored_byte_changes', null, 'about 64 rows for each owner; goes with the owner'),
    ('admission_counters', 'full_counters', 'until the whole allowance is there again'),
    ('deployment_usage', 'deployment_usage', 'retention_periods: 400 days'),
    ('job_queues', null, 'one row for each owner and kind of open work; goes with the owner'),
    ('deleted_snapshots', null, 'until the tasks have deleted the file'),
    ('deleted_illustrations', null, 'until the tasks have deleted the file'),
    ('turn_ends', null, 'until they are counted, an hour at most'),
    ('model_call_changes', null, 'until they are counted, an hour at most'),
    ('turn_totals', null, 'at most 200 models'),
    ('duration_totals', null, 'a row for each kind and bucket'),
    ('model_call_totals', null, 'at most 200 models'),
    ('metrics_cache', null, 'one row'),
    ('cleaning_state', null, 'one row'),
    ('retention_periods', null, 'a row for each part of the cleaner that has a period'),
    ('plans', null, 'the operator''s')
  ) as kept (table_name, part, rule);
end;
