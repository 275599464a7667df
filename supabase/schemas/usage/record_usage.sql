-- However a generation ends, what it made has been used, and its end is counted. Once: of a reply that had
-- been ended for silence and counted so, what has come since is added.
create function private.record_usage() returns trigger
language plpgsql set search_path = '' as $$
declare
  made_bytes integer := new.saved_bytes - new.base_bytes;
  session_kind text;
  -- The text is not all there yet; an estimate asks for its length alone.
  made_tokens integer := coalesce(
    new.output_tokens, private.estimate_tokens(repeat('.', made_bytes)));
  counted public.usage;
begin
  select * into counted from public.usage where generation_id = new.generation_id;
  select session.kind into session_kind
  from public.sessions session
  where session.session_id = new.session_id;
  insert into public.usage (
    owner_id, generation_id, kind, provider, model, input_tokens, output_tokens, is_estimated,
    status, created_at)
  values (
    new.owner_id, new.generation_id, session_kind, new.provider, new.model, new.input_tokens,
    made_tokens, new.output_tokens is null, new.status, new.finished_at)
  on conflict (generation_id) do update
  set provider = excluded.provider, model = excluded.model, input_tokens = excluded.input_tokens,
      output_tokens = excluded.output_tokens, is_estimated = excluded.is_estimated,
      status = excluded.status, created_at = excluded.created_at;
  insert into public.turn_ends (
    kind, provider, model, status, input_tokens, output_tokens, saves, first_token_ms, latency_ms,
    generation_id, is_addition)
  values (
    session_kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status,
    greatest(coalesce(new.input_tokens, 0) - coalesce(counted.input_tokens, 0), 0),
    greatest(made_tokens - coalesce(counted.output_tokens, 0), 0), new.save_count,
    new.first_token_ms, new.latency_ms, new.generation_id, counted.usage_id is not null);
  return null;
end
$$;

revoke all on function private.record_usage() from public, anon, authenticated, service_role;

create trigger record_usage after update of status on public.generations
  for each row when (old.status = 'streaming' and new.status <> 'streaming')
  execute function private.record_usage();
