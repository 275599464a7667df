-- Pictures of a story's scenes, drawn by tasks, with their files in Storage.

set local lock_timeout = '10s';

-- Pictures of scenes, one of each: the file is in Storage (wasm/engine/illustrations.hpp).
create table public.story_illustrations (
  -- The scene.
  part_id uuid primary key,
  owner_id uuid not null,
  -- In the bucket of FABULA_ILLUSTRATIONS_BUCKET: {project_id}/{scene_id}-{job_id}. Never used again for another
  -- picture.
  object_path text not null unique check (char_length(object_path) between 1 and 200),
  media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/webp')),
  byte_count integer not null check (byte_count > 0),
  -- The words that it was drawn by.
  image_prompt text not null check (char_length(image_prompt) between 1 and 5000),
  model text check (char_length(model) <= 330),
  created_at timestamptz not null default now(),
  constraint story_illustrations_part_id_owner_id_fkey foreign key (part_id, owner_id)
    references public.story_parts (part_id, owner_id) on delete cascade on update cascade
);

alter table public.story_illustrations enable row level security;

create policy own_story_illustrations_are_readable on public.story_illustrations for select to authenticated
  using (owner_id = (select private.current_principal()));

-- Files of pictures in Storage that no row is about, and that are still to be deleted. A picture that is being
-- drawn is here too, for later: its worker may die between the file and the row. A path says nothing of anybody.
create table public.deleted_illustrations (
  object_path text primary key check (char_length(object_path) between 1 and 200),
  -- When it is tried (again).
  try_after timestamptz not null default now()
);

comment on table public.deleted_illustrations is 'Files to delete. Not readable over REST.';

create index deleted_illustrations_due on public.deleted_illustrations (try_after);

alter table public.deleted_illustrations enable row level security;

-- A picture's file is deleted when its row is gone, or is about another file.
create function private.plan_deletion_of_illustration() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.deleted_illustrations (object_path) values (old.object_path)
  on conflict (object_path) do update set try_after = excluded.try_after;
  return null;
end
$$;

revoke all on function private.plan_deletion_of_illustration()
from public, anon, authenticated, service_role;

create trigger plan_deletion_of_deleted after delete on public.story_illustrations
  for each row execute function private.plan_deletion_of_illustration();
create trigger plan_deletion_of_replaced after update of object_path on public.story_illustrations
  for each row when (old.object_path <> new.object_path)
  execute function private.plan_deletion_of_illustration();

-- Begins a task that draws pictures of scenes: {principal, body: {project_id, scene_ids?, style?}}. Without
-- scene_ids it draws all scenes that have an image_prompt and no picture; scenes that are named are drawn again.
-- 202 with {task_id, project_id, status, message, status_url}. One such task of a story is open at a time.
create function public.begin_story_illustrations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
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
  perform private.check_open_jobs(principal_id);
  task_message := format('%s %s to be drawn.', cardinality(scene_ids),
    case when cardinality(scene_ids) = 1 then 'picture is' else 'pictures are' end);
  job := private.add_job(jsonb_build_object(
    'kind', 'story_illustrations', 'owner_id', principal_id, 'project_id', story.project_id,
    'merge_key', 'story', 'kept_for', '7 days',
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

revoke all on function public.begin_story_illustrations(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.begin_story_illustrations(jsonb) to service_role;

-- Steps of tasks that draw pictures (jobs/has_job_hook.sql): each draws one scene.

-- {scene_id, image_prompt, object_path}: the words to draw by, and where the file belongs. Null when the scene is
-- deleted or has no image_prompt any more.
create function private.story_illustrations_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- Far longer than a lease.
  longest_drawing constant interval := '1 hour';
  scene public.story_parts;
  path text;
begin
  select * into scene from public.story_parts
  where part_id = (step.payload ->> 'scene_id')::uuid and number is not null
    and plan ->> 'image_prompt' ~ '\S';
  if not found then
    return null;
  end if;
  path := job.project_id || '/' || scene.part_id || '-' || job.job_id;
  insert into public.deleted_illustrations (object_path, try_after)
  values (path, clock_timestamp() + longest_drawing)
  on conflict (object_path) do update set try_after = excluded.try_after;
  return jsonb_build_object(
    'scene_id', scene.part_id,
    'image_prompt', concat_ws(E'\n\n', scene.plan ->> 'image_prompt', 'Style: ' || (job.payload ->> 'style')),
    'object_path', path);
end
$$;

-- Stores what was drawn: result {scene_id, object_path, image_prompt, media_type, byte_count, model}.
create function private.story_illustrations_store(
  job public.jobs, step public.job_steps, argument jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  made constant jsonb := argument -> 'result';
begin
  if (argument ->> 'already')::boolean then
    return '{}';
  end if;
  insert into public.story_illustrations (
    part_id, owner_id, object_path, media_type, byte_count, image_prompt, model, created_at)
  values (
    (step.payload ->> 'scene_id')::uuid, job.owner_id, made ->> 'object_path', made ->> 'media_type',
    (made ->> 'byte_count')::integer, left(made ->> 'image_prompt', 5000), left(made ->> 'model', 330),
    clock_timestamp())
  on conflict (part_id) do update
  set object_path = excluded.object_path, media_type = excluded.media_type,
      byte_count = excluded.byte_count, image_prompt = excluded.image_prompt, model = excluded.model,
      created_at = excluded.created_at;
  delete from public.deleted_illustrations where object_path = made ->> 'object_path';
  -- Its calls are counted as those of all steps are.
  update public.plan_shares share set used_images = used_images + 1
  where share.job_id = job.job_id and share.month = (
    select max(month) from public.plan_shares where plan_shares.job_id = job.job_id);
  return jsonb_build_object('result', jsonb_build_object('scene_id', step.payload -> 'scene_id'));
end
$$;

revoke all on function
  private.story_illustrations_work(public.jobs, public.job_steps, jsonb),
  private.story_illustrations_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_illustrations_work(public.jobs, public.job_steps, jsonb),
  private.story_illustrations_store(public.jobs, public.job_steps, jsonb)
to service_role;

-- The pictures of a story in the order of its scenes: {principal, project_id}; returns {expires_at,
-- expires_in_seconds, illustrations: [{scene_id, number, title, image_prompt, media_type, object_path,
-- created_at}]}. Whoever calls signs addresses of the files that are good for so long.
create function public.list_story_illustrations(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  lifetime_seconds constant integer := 3600;
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  return jsonb_build_object(
    'expires_at', private.iso(clock_timestamp() + make_interval(secs => lifetime_seconds)),
    'expires_in_seconds', lifetime_seconds,
    'illustrations', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'scene_id', scene.part_id, 'number', scene.number, 'title', scene.plan -> 'title',
        'image_prompt', picture.image_prompt, 'media_type', picture.media_type,
        'object_path', picture.object_path, 'created_at', private.iso(picture.created_at))
        order by scene.number), '[]')
      from public.story_parts scene
      join public.story_illustrations picture on picture.part_id = scene.part_id
      where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is not null));
end
$$;

-- {principal, project_id, scene_id}: deletes a scene's picture, and later its file.
create function public.delete_story_illustration(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene constant public.story_parts := private.open_scene(request);
begin
  delete from public.story_illustrations where part_id = scene.part_id;
  if not found then
    perform private.refuse(404, 'not_found', 'This scene has no picture.');
  end if;
  return private.answer('{"message": "The picture is deleted."}');
end
$$;

revoke all on function
  public.list_story_illustrations(jsonb),
  public.delete_story_illustration(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.list_story_illustrations(jsonb),
  public.delete_story_illustration(jsonb)
to service_role;

-- Tasks that draw are read and ended as all tasks of stories ----------------------------------------------

-- The task, which is the principal's, locked with its project if it is to be changed; refused otherwise.
create or replace function private.own_story_task(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'task_id');
  job public.jobs;
begin
  select * into job from public.jobs
  where job_id = wanted_id and owner_id = principal_id
    and kind in ('story', 'story_illustrations');
  if found and is_locked then
    perform from public.projects where project_id = job.project_id for share;
    select * into job from public.jobs
    where job_id = wanted_id and owner_id = principal_id
      and kind in ('story', 'story_illustrations')
    for no key update;
  end if;
  if job.job_id is null then
    perform private.refuse(404, 'not_found',
      'There is no such task: use the task_id that it was begun with. A task is kept for 7 days.');
  end if;
  return job;
end
$$;

-- Whether answers of a route are kept: what goes on with a story is asked for anew each time.
create or replace function private.is_story_cached(route text) returns boolean
language sql immutable parallel safe
return route not in ('continue', 'scene', 'illustrations');

create or replace function private.story_result(job public.jobs) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  route constant text := job.payload ->> 'route';
  story public.stories;
  last_step public.job_steps;
  is_complete boolean;
begin
  select * into story from public.stories where project_id = job.project_id;
  select * into last_step from public.job_steps
  where job_id = job.job_id and status = 'done'
  order by step desc
  limit 1;
  is_complete := coalesce((last_step.result ->> 'is_complete')::boolean,
    job.status = 'done' and story.scenes_written = story.scenes);
  return case
    when route in ('ideas', 'setup') then (
      select jsonb_build_object(route, step.result -> 'value')
      from public.job_steps step
      where step.job_id = job.job_id and step.result ->> 'did' = route
      limit 1)
    when route = 'premise' then (
      -- The person's own premise may be current.
      select jsonb_build_object('premise', made.content -> 'text')
      from public.story_versions made
      join public.story_parts part on part.part_id = made.part_id and part.kind = 'premise'
      where made.job_id = job.job_id
      order by made.version desc
      limit 1)
    when route in ('outline', 'refine') then case when story.scenes > 0 then jsonb_build_object(
      'outline', private.story_outline(job.project_id), 'is_structured', true) end
    when route = 'start' then jsonb_build_object(
      'story', private.story_text(job.project_id),
      'premise', private.premise_text(job.project_id),
      'outline', private.story_outline(job.project_id),
      'is_complete', is_complete, 'iterations', story.scenes_written)
    when route = 'continue' then jsonb_build_object(
      'continuation', (
        select coalesce(string_agg(message.content, E'\n\n' order by part.number), '')
        from public.story_parts part
        join public.story_versions made
          on made.part_id = part.part_id and made.version = part.text_version
        join public.messages message on message.message_id = made.message_id
        where part.project_id = job.project_id and part.kind = 'scene' and part.number is not null
          and made.job_id = job.job_id),
      'is_complete', is_complete)
    when route = 'scene' then (
      select jsonb_build_object(
        'scene', private.scene_body(part, true),
        'text', message.content, 'version', made.version,
        'is_current', part.text_version = made.version)
      from public.story_versions made
      join public.story_parts part on part.part_id = made.part_id
      join public.messages message on message.message_id = made.message_id
      where made.job_id = job.job_id
      order by made.version desc
      limit 1)
    when route = 'illustrations' then (
      select jsonb_build_object('illustrations', coalesce(jsonb_agg(jsonb_build_object(
        'scene_id', scene.part_id, 'number', scene.number, 'title', scene.plan -> 'title')
        order by scene.number), '[]'))
      from public.job_steps step
      join public.story_parts scene on scene.part_id = (step.result ->> 'scene_id')::uuid
      where step.job_id = job.job_id and step.status = 'done')
    else jsonb_build_object(
      'story', private.story_text(job.project_id),
      'premise', private.premise_text(job.project_id),
      'outline', private.story_outline(job.project_id),
      'is_complete', is_complete, 'word_count', story.length_written,
      'project_id', job.project_id)
  end;
end
$$;

-- Files are deleted together with snapshots --------------------------------------------------------------

-- Whether a step could be claimed now, or files are to be deleted; returns {due}. Schedulers ask this
-- before they start a worker.
create or replace function public.has_due_step(request jsonb) returns jsonb
language sql stable set lock_timeout = '2s'
return jsonb_build_object('due', exists (
  select from public.job_steps
  where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp())
  or exists (
    select from public.deleted_snapshots where try_after <= pg_catalog.clock_timestamp())
  or exists (
    select from public.deleted_illustrations where try_after <= pg_catalog.clock_timestamp()));

-- Snapshots and pictures to delete: {limit}, of both together; returns {ids, illustrations}, the paths of the
-- pictures. Background work calls it, for nobody. Those that it takes are not taken again for a while, unless
-- forget_deleted_snapshots says that they are gone.
create or replace function public.take_deleted_snapshots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_rows constant integer := 100;
  wanted_rows constant integer := least(coalesce((request ->> 'limit')::integer, max_rows), max_rows);
  pause constant interval := '10 minutes';
  taken uuid[];
  taken_paths text[];
begin
  with due as (
    select conversation_id from public.deleted_snapshots
    where try_after <= clock_timestamp()
    order by try_after
    limit wanted_rows
    for no key update skip locked
  ),
  marked as (
    update public.deleted_snapshots
    set try_after = clock_timestamp() + pause
    from due
    where deleted_snapshots.conversation_id = due.conversation_id
    returning deleted_snapshots.conversation_id
  )
  select array_agg(conversation_id) into taken from marked;
  with due as (
    select object_path from public.deleted_illustrations
    where try_after <= clock_timestamp()
    order by try_after
    limit wanted_rows - coalesce(cardinality(taken), 0)
    for no key update skip locked
  ),
  marked as (
    update public.deleted_illustrations
    set try_after = clock_timestamp() + pause
    from due
    where deleted_illustrations.object_path = due.object_path
    returning deleted_illustrations.object_path
  )
  select array_agg(object_path) into taken_paths from marked;
  return jsonb_build_object(
    'ids', to_jsonb(coalesce(taken, '{}')), 'illustrations', to_jsonb(coalesce(taken_paths, '{}')));
end
$$;

-- These are gone: {ids, illustrations?}.
create or replace function public.forget_deleted_snapshots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  delete from public.deleted_snapshots
  where conversation_id in (
    select value::uuid from jsonb_array_elements_text(request -> 'ids'));
  delete from public.deleted_illustrations
  where object_path in (
    select value from jsonb_array_elements_text(request -> 'illustrations'));
  return '{}';
end
$$;

select private.align_grants_with_policies();
