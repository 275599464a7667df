-- Shares that turns take of their owners' plans. A turn takes its share when it begins, for one call and the
-- tokens that it may need. Whatever ends it settles the share with what the ledger has of it.

-- The tokens that a turn reserves: its history, what comes before and after it, and the longest reply. `request`
-- is begin_turn's, with the settings that were chosen.
create function private.turn_tokens(question public.messages, request jsonb) returns bigint
language plpgsql stable set search_path = '' as $$
declare
  usual_reply_tokens constant integer := 2048;
begin
  return coalesce((request ->> 'history_budget_tokens')::bigint, 0)
    + private.estimate_tokens(coalesce(request ->> 'system_prompt', ''))
    + private.estimate_tokens(coalesce(request ->> 'text', request ->> 'instruction', ''))
    + private.attached_tokens(question)
    + coalesce((request #>> '{settings,max_output_tokens}')::bigint, usual_reply_tokens);
end
$$;

-- Adds the usage of shares that ended long ago to their owner's one row of the month, so that an owner has few
-- rows. The caller has locked the owner's row of principal_plans; rows that somebody else
-- has locked are left for the next time.
create function private.add_up_shares(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  -- Longer than any turn runs, so that the end of a turn always finds its row.
  kept_for constant interval := '1 hour';
  max_rows constant integer := 500;
begin
  with ended as (
    delete from public.plan_shares share
    where share.source_id = any (array(
      select old.source_id from public.plan_shares old
      where old.owner_id = principal_id and old.is_added_up and old.source_id <> principal_id
        and old.settled_at < clock_timestamp() - kept_for
      limit max_rows
      for no key update skip locked))
    returning share.month, share.used_calls, share.used_tokens
  )
  insert into public.plan_shares as total (
    source_id, month, owner_id, reserved_calls, reserved_tokens, reserved_images, used_calls, used_tokens,
    settled_at, is_added_up)
  select principal_id, ended.month, principal_id, 0, 0, 0, sum(ended.used_calls), sum(ended.used_tokens),
    clock_timestamp(), true
  from ended
  group by ended.month
  on conflict on constraint plan_shares_pkey do update
  set used_calls = total.used_calls + excluded.used_calls,
      used_tokens = total.used_tokens + excluded.used_tokens,
      settled_at = excluded.settled_at;
end
$$;

-- Takes the share of a turn that begins, or refuses; also when the owner has too many turns running, or has used
-- the tokens of the day. Call it after all other locks, like private.take_share, whose lock makes all these
-- limits exact. `request` is begin_turn's.
create function private.take_turn_share(
  generation public.generations, question public.messages, request jsonb
) returns void
language plpgsql set search_path = '' as $$
declare
  max_running constant integer := private.limit_of_caller(request, 'streams');
  running integer;
begin
  perform private.take_share(
    generation.owner_id, generation.generation_id, 1, private.turn_tokens(question, request), 0, true);
  select count(*) into running
  from public.generations other
  where other.owner_id = generation.owner_id and other.status = 'streaming'
    and not private.is_silent(other);
  if running > max_running then
    perform private.refuse_by_limit('caller', format(
        '%s of your replies are being written: wait until one has ended, or cancel one.', max_running),
      5, jsonb_build_object('max_running', max_running));
  end if;
  perform private.check_tokens_of_day(generation.owner_id, request);
  perform private.add_up_shares(generation.owner_id);
end
$$;

-- Counts what a turn that has ended has used, and gives the rest of its share back. The calls of the turn are
-- recorded.
create function private.settle_turn(generation public.generations) returns void
language plpgsql set search_path = '' as $$
begin
  update public.plan_shares share
  set used_calls = made.calls, used_tokens = made.tokens, settled_at = clock_timestamp()
  from (
    select count(*) as calls, coalesce(sum(coalesce(input_tokens, 0)::bigint + output_tokens), 0) as tokens
    from public.model_calls
    where source_id = generation.generation_id
  ) made
  where share.source_id = generation.generation_id;
end
$$;

-- Opens the share of a turn again whose writer was only slow.
create function private.reopen_turn_share(generation public.generations) returns void
language sql set search_path = '' as $$
  update public.plan_shares share set settled_at = null
  where share.source_id = generation.generation_id;
$$;

revoke all on function
  private.turn_tokens(public.messages, jsonb),
  private.add_up_shares(uuid),
  private.take_turn_share(public.generations, public.messages, jsonb),
  private.settle_turn(public.generations),
  private.reopen_turn_share(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.turn_tokens(public.messages, jsonb),
  private.add_up_shares(uuid),
  private.take_turn_share(public.generations, public.messages, jsonb),
  private.settle_turn(public.generations),
  private.reopen_turn_share(public.generations)
to service_role;
