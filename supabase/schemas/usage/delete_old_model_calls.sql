-- Deletes old rows of the ledger: {limit?}; returns {deleted}. A part of the cleaner
-- (cleaning/clean.sql).
create function public.delete_old_model_calls(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  kept_from constant timestamptz := clock_timestamp() - private.retention_of('model_calls');
  default_limit constant integer := 10000;
  max_limit constant integer := 100000;
  row_limit constant integer := least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  deleted integer;
begin
  delete from public.model_calls
  where model_call_id in (
    select model_call_id from public.model_calls
    where created_at < kept_from
    order by created_at
    limit row_limit);
  get diagnostics deleted = row_count;
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_old_model_calls(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.delete_old_model_calls(jsonb) to service_role;
