-- Returns snapshots and pictures to delete: {limit} for both together; returns {ids, illustrations}, where
-- illustrations are the paths of pictures. Background work calls it, without a principal. The same ones are
-- returned again only after a while, unless forget_deleted_snapshots reports that they are deleted.
create function public.take_deleted_snapshots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_rows constant integer := 100;
  wanted_rows constant integer := least(coalesce((request ->> 'limit')::integer, max_rows), max_rows);
  pause constant interval := '10 minutes';
  -- Once, because an index cannot find rows by a volatile function.
  due_before constant timestamptz := clock_timestamp();
  taken uuid[];
  taken_paths text[];
begin
  with due as (
    select conversation_id from public.deleted_snapshots
    where try_after <= due_before
    order by try_after
    limit wanted_rows
    for no key update skip locked
  ),
  marked as (
    update public.deleted_snapshots
    set try_after = due_before + pause
    from due
    where deleted_snapshots.conversation_id = due.conversation_id
    returning deleted_snapshots.conversation_id
  )
  select array_agg(conversation_id) into taken from marked;
  with due as (
    select object_path from public.deleted_illustrations
    where try_after <= due_before
    order by try_after
    limit wanted_rows - coalesce(cardinality(taken), 0)
    for no key update skip locked
  ),
  marked as (
    update public.deleted_illustrations
    set try_after = due_before + pause
    from due
    where deleted_illustrations.object_path = due.object_path
    returning deleted_illustrations.object_path
  )
  select array_agg(object_path) into taken_paths from marked;
  return jsonb_build_object(
    'ids', to_jsonb(coalesce(taken, '{}')), 'illustrations', to_jsonb(coalesce(taken_paths, '{}')));
end
$$;

-- Reports that these are deleted: {ids, illustrations?}.
create function public.forget_deleted_snapshots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  delete from public.deleted_snapshots
  where conversation_id in (
    select value::uuid from jsonb_array_elements_text(request -> 'ids'));
  delete from public.deleted_illustrations
  where object_path in (
    select value from jsonb_array_elements_text(request -> 'illustrations'));
  return '{}';
end
$$;

revoke all on function
  public.take_deleted_snapshots(jsonb),
  public.forget_deleted_snapshots(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.take_deleted_snapshots(jsonb),
  public.forget_deleted_snapshots(jsonb)
to service_role;
