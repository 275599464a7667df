-- The history for a turn's prompt, without the new text or the instruction. The question, and a reply that is
-- continued, are always included; if they exceed the budget, they are cut, so that the newest messages before
-- them, or a summary, still have a quarter of it. A summary takes at most half of the room for older
-- messages.
create function private.read_turn_history(
  principal_id uuid, question public.messages, continued public.messages, request jsonb
) returns private.turn_history
language plpgsql set search_path = '' as $$
declare
  -- Summaries that are never made must not make turns slower and slower.
  max_summary_steps constant integer := 1000;
  -- A smaller budget is not divided: nothing would be left of a text that is cut.
  least_divided_tokens constant integer := 1024;
  turn_action text := coalesce(request ->> 'action', 'say');
  budget_tokens constant integer := (request ->> 'history_budget_tokens')::integer
    - coalesce(private.estimate_tokens(request ->> 'instruction'), 0);
  question_tokens constant integer := private.estimate_tokens(question.content);
  continued_tokens constant integer := coalesce(private.estimate_tokens(continued.content), 0);
  is_divided constant boolean := budget_tokens >= least_divided_tokens;
  older_tokens integer := budget_tokens - question_tokens - continued_tokens;
  summary public.session_summaries := private.summary_on_path(
    question.session_id, question.parent_id, max_summary_steps);
  summary_tokens integer := private.estimate_tokens(
    coalesce(request ->> 'summary_heading', '') || summary.summary);
  history private.turn_history;
  older record;
  room integer;
begin
  if is_divided then
    older_tokens := greatest(older_tokens, budget_tokens / 4);
  end if;
  if summary_tokens * 2 > older_tokens then
    summary := null;
  end if;
  summary_tokens := case when summary.summary is null then 0 else summary_tokens end;
  select * into older
  from private.read_history(
    principal_id, question.parent_id, older_tokens - summary_tokens,
    private.sent_text(question));
  history.messages := older.messages;
  history.from_depth := coalesce(older.from_depth, question.depth);
  history.whole_from_depth := coalesce(older.whole_from_depth, question.depth);
  history.cuts := older.cuts;
  if history.whole_from_depth > 1 then
    history.summary := summary.summary;
    history.summary_until_id := summary.until_message_id;
  end if;

  -- The room that the older messages and the summary leave.
  room := budget_tokens - older.tokens
    - case when history.summary is null then 0 else summary_tokens end;
  if is_divided and question_tokens + continued_tokens > room then
    if continued_tokens > 0 and continued_tokens > room / 2 then
      continued.content := private.cut_text(
        continued.content, private.bytes_of_tokens(greatest(room / 2, room - question_tokens)));
      history.cuts := history.cuts || jsonb_build_object(
        continued.message_id::text, private.bytes_of_tokens(greatest(room / 2, room - question_tokens)));
      room := room - private.estimate_tokens(continued.content);
    else
      room := room - continued_tokens;
    end if;
    if question_tokens > room then
      question.content := private.cut_text(question.content, private.bytes_of_tokens(room));
      history.cuts := history.cuts || jsonb_build_object(
        question.message_id::text, private.bytes_of_tokens(room));
      if turn_action in ('say', 'edit') then
        history.question_text := question.content;
      end if;
    end if;
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
