create function private.count_model_call() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    insert into public.model_call_changes (
      kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
    values (
      old.kind, coalesce(old.provider, 'unknown'), coalesce(old.model, 'unknown'), old.status, -1,
      -coalesce(old.input_tokens, 0), -old.output_tokens, -coalesce(old.cost_usd, 0));
  end if;
  insert into public.model_call_changes (
    kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
  values (
    new.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status, 1,
    coalesce(new.input_tokens, 0), new.output_tokens, coalesce(new.cost_usd, 0));
  return null;
end
$$;

revoke all on function private.count_model_call() from public, anon, authenticated, service_role;

create trigger count_model_call
  after insert or update of provider, model, status, input_tokens, output_tokens, cost_usd
  on public.model_calls
  for each row execute function private.count_model_call();
