-- Adds a job for a summary after a turn whose prompt left out messages that no summary covers. The
-- session is locked.
create function private.plan_summary() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  failure_pause constant interval := '1 hour';
  question public.messages;
  covered public.session_summaries;
  until_depth integer;
begin
  -- Most turns were sent a summary that covers what they left out, or find a job that waits for its worker or
  -- has failed: after a failure, models are not asked again with every turn. What a job that waits does not
  -- cover yet, a later turn finds.
  if new.sent_from_depth - 1 <= (
      select depth from public.messages where message_id = new.summary_until_id)
    or exists (
    select from public.jobs
    where session_id = new.session_id and kind = 'session_summary'
      and (status = 'queued'
        or status = 'failed' and finished_at > clock_timestamp() - failure_pause))
  then
    return null;
  end if;
  select * into question from public.messages where message_id = new.user_message_id;
  covered := private.summary_on_path(new.session_id, question.parent_id, max_steps);
  if new.sent_from_depth - 1 <= (
    select depth from public.messages where message_id = covered.until_message_id)
  then
    return null;
  end if;
  -- The summary includes half of the messages that still fitted, in whole turns, so that it also covers
  -- messages that the next turns leave out, and a model is not asked after each turn.
  until_depth := new.sent_from_depth - 1 + (question.depth - new.sent_from_depth) / 4 * 2;
  perform private.add_job(jsonb_build_object(
    'kind', 'session_summary', 'owner_id', new.owner_id, 'session_id', new.session_id,
    'merge_key', 'session', 'merge', 'open', 'payload', jsonb_build_object(
      'until_message_id', private.message_on_path(question.parent_id, until_depth))));
  return null;
end
$$;

revoke all on function private.plan_summary() from public, anon, authenticated, service_role;

create trigger plan_summary after update of status on public.generations
  for each row when (
    old.status = 'streaming' and new.status <> 'streaming' and new.sent_from_depth > 1)
  execute function private.plan_summary();
