-- Counts the end of every generation. If a reply's end for silence was counted already, only the difference
-- since then is added.
create function private.count_turn_end() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.turn_ends (
    kind, provider, model, status, saves, first_token_ms, latency_ms, generation_id, is_addition)
  select session.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status,
    new.save_count, new.first_token_ms, new.latency_ms, new.generation_id, new.is_end_counted
  from public.sessions session
  where session.session_id = new.session_id;
  return null;
end
$$;

revoke all on function private.count_turn_end() from public, anon, authenticated, service_role;

create trigger count_turn_end after update of status on public.generations
  for each row when (old.status = 'streaming' and new.status <> 'streaming')
  execute function private.count_turn_end();
