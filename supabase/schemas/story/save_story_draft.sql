-- Saves text that a model is writing for a step: {job_id, step, lease_token, from_byte, text, attempt?,
-- asked?, part?, lease_seconds?}, where text begins at from_byte of the attempt's text; extends the lease.
-- Returns {saved_bytes, is_cancelled}. A new attempt begins at 0, which removes the text of an earlier one.
-- Refused like a commit when the lease is lost.
create function public.save_story_draft(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_bytes constant integer := 1048576;
  saved public.job_steps := private.open_step(request);
  lease_end constant timestamptz := clock_timestamp() + make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  from_byte constant integer := coalesce((request ->> 'from_byte')::integer, 0);
  -- A model that breaks off is asked again under the same lease.
  attempt_number constant integer := greatest(
    coalesce((request ->> 'attempt')::integer, saved.attempts), 1);
  saved_bytes integer;
  added text;
begin
  if saved.status <> 'running' then
    perform private.refuse(409, 'stale_lease', 'This step has ended: drop what was done.');
  end if;
  delete from public.story_drafts draft
  where draft.job_id = saved.job_id and draft.step = saved.step and draft.attempt <> attempt_number;
  saved_bytes := coalesce((
    select draft.from_byte + octet_length(draft.text) from public.story_drafts draft
    where draft.job_id = saved.job_id and draft.step = saved.step
    order by draft.from_byte desc
    limit 1), 0);
  if from_byte not between 0 and saved_bytes or octet_length(request ->> 'text') > max_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'from_byte must be at most %s, the bytes that are saved, and text have at most %s bytes.',
      saved_bytes, max_bytes));
  end if;
  added := private.text_beyond(saved_bytes, from_byte, request ->> 'text');
  if added <> '' then
    insert into public.story_drafts (job_id, step, from_byte, text, attempt, asked)
    values (saved.job_id, saved.step, saved_bytes, added, attempt_number,
      (request ->> 'asked')::integer);
  end if;
  update public.job_steps
  set leased_until = greatest(leased_until, lease_end), run_after = greatest(leased_until, lease_end),
      payload = case when jsonb_typeof(request -> 'part') = 'object'
        then payload || jsonb_build_object('part', request -> 'part') else payload end
  where job_id = saved.job_id and step = saved.step;
  return jsonb_build_object(
    'saved_bytes', saved_bytes + octet_length(added), 'is_cancelled', false);
end
$$;

revoke all on function public.save_story_draft(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.save_story_draft(jsonb) to service_role;
