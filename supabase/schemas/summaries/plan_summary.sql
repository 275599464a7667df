-- Adds a job for a summary after a turn whose prompt left out messages, or parts of them, that no summary
-- covers; also if the next turn's prompt will leave them out, because this turn has added a long text. The
-- session is locked.
create function private.plan_summary() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_steps constant integer := 1000;
  failure_pause constant interval := '1 hour';
  question public.messages;
  covered public.session_summaries;
  leaf_id uuid;
  until_depth integer;
  whole_from_depth integer := coalesce(new.whole_from_depth, new.sent_from_depth);
  is_long constant boolean := coalesce(
    greatest(new.saved_bytes, (
      select octet_length(private.sent_text(message)) from public.messages message
      where message.message_id = new.user_message_id))
      > private.bytes_of_tokens(new.history_budget_tokens / 4), false);
begin
  if whole_from_depth = 1 and not is_long then
    return null;
  end if;
  -- Most turns were sent a summary that covers what they left out, or find a job that waits for its worker or
  -- has failed: after a failure, models are not asked again with every turn. What a job that waits does not
  -- cover yet, a later turn finds.
  if not is_long and whole_from_depth - 1 <= (
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
  leaf_id := question.parent_id;
  if is_long then
    -- As the next turn will be sent it, beside this turn's reply, whose message is not there yet.
    leaf_id := question.message_id;
    select coalesce(next_turn.whole_from_depth, question.depth + 1) into whole_from_depth
    from private.read_history(
      new.owner_id, leaf_id, new.history_budget_tokens - new.saved_bytes / 4, null) next_turn;
  end if;
  if whole_from_depth = 1 then
    return null;
  end if;
  covered := private.summary_on_path(new.session_id, leaf_id, max_steps);
  if whole_from_depth - 1 <= (
    select depth from public.messages where message_id = covered.until_message_id)
  then
    return null;
  end if;
  -- The summary includes half of the messages that still fitted, in whole turns, so that it also covers
  -- messages that the next turns leave out, and a model is not asked after each turn.
  until_depth := whole_from_depth - 1 + greatest(question.depth - whole_from_depth, 0) / 4 * 2;
  perform private.add_job(jsonb_build_object(
    'kind', 'session_summary', 'owner_id', new.owner_id, 'session_id', new.session_id,
    'merge_key', 'session', 'merge', 'open', 'payload', jsonb_build_object(
      'until_message_id', private.message_on_path(leaf_id, until_depth))));
  return null;
end
$$;

revoke all on function private.plan_summary() from public, anon, authenticated, service_role;

create trigger plan_summary after update of status on public.generations
  for each row when (
    old.status = 'streaming' and new.status <> 'streaming' and new.sent_from_depth is not null)
  execute function private.plan_summary();
