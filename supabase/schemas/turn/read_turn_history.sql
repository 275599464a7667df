-- The history for a turn's prompt, without the new text or the instruction. The question, and a reply that is
-- continued, are always included, however small the budget is. A summary takes at most half of the rest.
create function private.read_turn_history(
  principal_id uuid, question public.messages, continued public.messages, request jsonb
) returns private.turn_history
language plpgsql set search_path = '' as $$
declare
  -- Summaries that are never made must not make turns slower and slower.
  max_summary_steps constant integer := 1000;
  turn_action text := coalesce(request ->> 'action', 'say');
  budget_tokens integer := (request ->> 'history_budget_tokens')::integer
    - private.estimate_tokens(question.content)
    - coalesce(private.estimate_tokens(continued.content), 0)
    - coalesce(private.estimate_tokens(request ->> 'instruction'), 0);
  summary public.session_summaries := private.summary_on_path(
    question.session_id, question.parent_id, max_summary_steps);
  summary_tokens integer := private.estimate_tokens(
    coalesce(request ->> 'summary_heading', '') || summary.summary);
  history private.turn_history;
begin
  if summary_tokens * 2 > budget_tokens then
    summary := null;
  end if;
  select older.messages, coalesce(older.from_depth, question.depth)
  into history.messages, history.from_depth
  from private.read_history(
    principal_id, question.parent_id,
    budget_tokens - case when summary.summary is null then 0 else summary_tokens end) older;
  if history.from_depth > 1 then
    history.summary := summary.summary;
    history.summary_until_id := summary.until_message_id;
  end if;
  if turn_action in ('regenerate', 'continue') then
    history.messages := history.messages
      || jsonb_build_object('role', question.role, 'content', question.content);
  end if;
  if turn_action = 'continue' then
    history.messages := history.messages
      || jsonb_build_object('role', continued.role, 'content', continued.content);
  end if;
  return history;
end
$$;

revoke all on function private.read_turn_history(uuid, public.messages, public.messages, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.read_turn_history(uuid, public.messages, public.messages, jsonb)
to service_role;
