-- Takes the step that has waited longest: {lease_seconds, project_id?}; returns {task}, which is null
-- when there is nothing to do, or {task_id, kind, step, steps, lease_token, attempts, project_id, user_id,
-- title | null, chapter, chapter_title | null, text, before, created_at}, where before is how the step
-- before it ends, and created_at the import's, in milliseconds since the epoch. Until the lease has ended
-- nobody else is given it; then it was in vain, whatever the worker still does.
create function public.claim_import_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
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

revoke all on function public.claim_import_step(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.claim_import_step(jsonb) to service_role;
