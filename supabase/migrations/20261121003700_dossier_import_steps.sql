-- The steps of imports are claimed by workers by lease, so that an import survives whoever worked on it,
-- and nothing of a text is read twice. Claiming takes an import alone, and waits for nobody.

-- The import's end, when no step is left: done if anything was read. The import is locked.
create function private.settle_import(wanted_id uuid) returns void
language sql set search_path = '' as $$
  update public.dossier_imports
  set status = case when exists (
        select from public.dossier_import_steps where task_id = wanted_id and status = 'done')
      then 'done' else 'failed' end,
      finished_at = clock_timestamp()
  where task_id = wanted_id and status in ('queued', 'running') and not exists (
    select from public.dossier_import_steps
    where task_id = wanted_id and status in ('queued', 'running'));
$$;

-- Takes the step that has waited longest: {lease_seconds, project_id?}; returns {task}, which is null
-- when there is nothing to do, or {task_id, kind, step, steps, lease_token, attempts, project_id, user_id,
-- title | null, chapter, chapter_title | null, text, before, created_at}, where before is how the step
-- before it ends, and created_at the import's, in milliseconds since the epoch. Until the lease has ended
-- nobody else is given it; then it was in vain, whatever the worker still does.
create function public.claim_import_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  characters_before constant integer := 1500;
  -- Bounds how long one call looks: of imports that turn out to be none, or that somebody holds.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_project_id constant uuid := private.read_id(request, 'project_id');
  held_ids uuid[] := '{}';
  due_id uuid;
  import public.dossier_imports;
  part public.dossier_import_steps;
begin
  for look in 1..max_looks loop
    select step.task_id into due_id
    from public.dossier_import_steps step
    where step.status in ('queued', 'running') and step.run_after <= clock_timestamp()
      and step.task_id <> all (held_ids)
      and (wanted_project_id is null or exists (
        select from public.dossier_imports
        where task_id = step.task_id and project_id = wanted_project_id))
    order by step.run_after, step.task_id, step.step
    limit 1;
    exit when not found;
    select * into import from public.dossier_imports
    where task_id = due_id
    for no key update skip locked;
    if not found then
      held_ids := held_ids || due_id;
      continue;
    end if;
    if import.status not in ('queued', 'running') or import.log_start is distinct from (
      select log_start from public.dossiers where project_id = import.project_id)
    then
      perform private.end_import(import.task_id,
        case when import.status in ('queued', 'running') then 'cancelled' else import.status end);
      continue;
    end if;
    -- The first one of it that is due: a text is read in its order.
    select * into part from public.dossier_import_steps
    where task_id = due_id and status in ('queued', 'running') and run_after <= clock_timestamp()
    order by step
    limit 1;
    if not found then
      held_ids := held_ids || due_id;
      continue;
    end if;
    if part.attempts >= max_attempts then
      update public.dossier_import_steps
      set status = 'failed', lease_token = null,
          error = coalesce(error, 'Its workers have died.')
      where task_id = part.task_id and step = part.step;
      perform private.settle_import(part.task_id);
      continue;
    end if;
    update public.dossier_import_steps
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
        run_after = clock_timestamp() + lease
    where task_id = part.task_id and step = part.step
    returning * into part;
    update public.dossier_imports set status = 'running'
    where task_id = part.task_id and status = 'queued';
    return jsonb_build_object('task', jsonb_build_object(
      'task_id', part.task_id,
      'kind', 'dossier_import',
      'step', part.step,
      'steps', import.step_count,
      'lease_token', part.lease_token,
      'attempts', part.attempts,
      'project_id', import.project_id,
      'user_id', import.owner_id,
      'title', import.title,
      'chapter', part.chapter,
      'chapter_title', part.chapter_title,
      'text', part.text,
      'before', coalesce((
        select right(text, characters_before) from public.dossier_import_steps
        where task_id = part.task_id and step = part.step - 1), ''),
      'created_at', floor(extract(epoch from import.created_at) * 1000)::bigint));
  end loop;
  return '{"task": null}';
end
$$;

-- The step with this lease, locked with its import and its project; refused when the lease was not the
-- last one of it, or the import has been cancelled.
create function private.open_import_step(request jsonb) returns public.dossier_import_steps
language plpgsql set search_path = '' as $$
declare
  wanted_id constant uuid := private.read_id(request, 'task_id');
  lease constant uuid := private.read_id(request, 'lease_token');
  part public.dossier_import_steps;
begin
  perform from public.projects
  where project_id = (select project_id from public.dossier_imports where task_id = wanted_id)
  for key share;
  perform from public.dossier_imports where task_id = wanted_id for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such import, or its project is gone: drop what was done.');
  end if;
  select * into part from public.dossier_import_steps
  where task_id = wanted_id and lease_token = lease;
  if not found then
    perform private.refuse(409, 'stale_lease',
      'Another worker has taken this step, or its import was cancelled: drop what was done.');
  end if;
  return part;
end
$$;

create function private.describe_import_step(part public.dossier_import_steps, already boolean)
returns jsonb
language sql stable
return jsonb_build_object(
  'task_id', part.task_id,
  'step', part.step,
  'status', part.status,
  'attempts', part.attempts,
  'run_after', case when part.status = 'queued' then private.iso(part.run_after) end,
  'already', already);

-- Stores what a step has found: {task_id, lease_token, result: {base, assertions, snapshot, facts,
-- proposals, ...}}, the first four as commit_assertions takes them, proposals the ids that the assertions
-- belong to, and whatever else is worth keeping, such as model and usage. Returns {task_id, step, status,
-- attempts, run_after, already, dossier}, where dossier is what commit_assertions returns: when its tail
-- is not null, fold it and call that. Calling again changes nothing and says `already`.
create function public.commit_import_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  part public.dossier_import_steps := private.open_import_step(request);
  outcome constant jsonb := request -> 'result';
  import public.dossier_imports;
  dossier_start bigint;
  dossier jsonb;
begin
  select * into import from public.dossier_imports where task_id = part.task_id;
  if part.status <> 'running' then
    return private.describe_import_step(part, true) || jsonb_build_object('dossier', (
      select jsonb_build_object(
        'head', head, 'added', 0, 'folded_to', folded_to, 'log_start', log_start,
        'tail', private.read_log(project_id, coalesce(
          private.read_position(outcome, 'base'), head)))
      from public.dossiers where project_id = import.project_id));
  end if;
  if jsonb_typeof(outcome -> 'proposals') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request',
      'result.proposals must be an array of the ids that the assertions belong to.');
  end if;
  select log_start into dossier_start from public.dossiers
  where project_id = import.project_id
  for no key update;
  if dossier_start <> import.log_start then
    perform private.refuse(409, 'stale_lease',
      'The dossier has been emptied, and the import with it: drop what was done.');
  end if;
  dossier := private.add_assertions(import.project_id, outcome, null);
  update public.dossier_import_steps
  set status = 'done',
      proposals = array(select jsonb_array_elements_text(outcome -> 'proposals')),
      result = outcome - array['base', 'assertions', 'snapshot', 'facts', 'proposals'],
      error = null
  where task_id = part.task_id and step = part.step
  returning * into part;
  perform private.settle_import(part.task_id);
  return private.describe_import_step(part, false) || jsonb_build_object('dossier', dossier);
end
$$;

-- Gives a step back that could not be done: {task_id, lease_token, error, retry_after_seconds?}; returns
-- what commit_import_step does, without dossier. It is tried five times, after longer and longer pauses;
-- then the import goes on without it.
create function public.fail_import_step(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 5;
  first_pause_seconds constant integer := 10;
  max_pause_seconds constant integer := 3600;
  part public.dossier_import_steps := private.open_import_step(request);
  pause_seconds double precision :=
    first_pause_seconds * 4 ^ (part.attempts - 1) * (0.75 + random() / 2);
begin
  if part.status <> 'running' then
    return private.describe_import_step(part, true);
  end if;
  pause_seconds := least(
    greatest(pause_seconds, (request ->> 'retry_after_seconds')::double precision),
    max_pause_seconds);
  update public.dossier_import_steps
  set status = case when attempts >= max_attempts then 'failed' else 'queued' end,
      run_after = clock_timestamp() + make_interval(secs => pause_seconds),
      error = left(request ->> 'error', 1000)
  where task_id = part.task_id and step = part.step
  returning * into part;
  perform private.settle_import(part.task_id);
  return private.describe_import_step(part, false);
end
$$;

-- As before, and steps of imports are work too.
create or replace function public.has_due_task(request jsonb) returns jsonb
language sql stable
return jsonb_build_object('due',
  exists (
    select from public.background_tasks
    where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp())
  or exists (
    select from public.dossier_import_steps
    where status in ('queued', 'running') and run_after <= pg_catalog.clock_timestamp()));

revoke all on function
  private.settle_import(uuid),
  private.open_import_step(jsonb),
  private.describe_import_step(public.dossier_import_steps, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.settle_import(uuid),
  private.open_import_step(jsonb),
  private.describe_import_step(public.dossier_import_steps, boolean)
to service_role;

revoke all on function
  public.claim_import_step(jsonb),
  public.commit_import_step(jsonb),
  public.fail_import_step(jsonb)
from public, anon, authenticated;
grant execute on function
  public.claim_import_step(jsonb),
  public.commit_import_step(jsonb),
  public.fail_import_step(jsonb)
to service_role;
