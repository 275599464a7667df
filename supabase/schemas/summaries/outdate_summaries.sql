-- An edited text invalidates summaries that were made before, and one that is being made. Summaries of
-- other takes have later positions too, and are made again unnecessarily. The text is read for the
-- dossier again from where it differs, if it was to be read at all; findings in the old one stay. The
-- session is locked.
create function private.outdate_summaries() returns trigger
language plpgsql set search_path = '' as $$
declare
  kept_bytes integer;
begin
  update public.session_summaries
  set is_stale = true
  where session_id = new.session_id and until_position >= new.position and not is_stale;
  -- Work that has begun begins anew, and its worker finds the lease gone. Queued work is held too: who
  -- is claiming it has read the old text perhaps, and what that makes of the row is seen after waiting.
  update public.job_steps work
  set status = case when job.status = 'paused' then 'waiting' else 'queued' end,
      attempts = work.attempts - (work.status = 'running')::integer,
      lease_token = case work.status when 'queued' then work.lease_token end,
      leased_until = case work.status when 'queued' then work.leased_until end,
      run_after = case work.status when 'queued' then work.run_after else clock_timestamp() end
  from public.jobs job
  where job.session_id = new.session_id and work.job_id = job.job_id
    and work.status in ('queued', 'running')
    and (job.kind = 'session_summary'
      or job.kind = 'dossier_extraction' and (work.status = 'queued'
        or work.payload -> 'spans' @> jsonb_build_array(
          jsonb_build_object('message_id', new.message_id))));

  perform from public.message_extractions
  where session_id = new.session_id and message_id = new.message_id;
  if found then
    kept_bytes := octet_length(left(new.content, private.common_prefix(old.content, new.content)));
    update public.message_extractions
    set read_bytes = least(read_bytes, kept_bytes),
        is_done = least(read_bytes, kept_bytes) = octet_length(new.content),
        failures = 0
    where session_id = new.session_id and message_id = new.message_id;
    perform private.plan_extraction(new.session_id);
  end if;
  return null;
end
$$;

revoke all on function private.outdate_summaries() from public, anon, authenticated, service_role;

create trigger outdate_summaries after update of content on public.messages
  for each row when (old.content <> new.content) execute function private.outdate_summaries();
