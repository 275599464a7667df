-- Tells whether begin_turn would begin a turn with this request, and begins none: for work before the turn, such
-- as fetching what is attached, that only callers may cause whose turn is admitted. Takes begin_turn's request,
-- and refuses as it does; its call_id is not needed. Returns null.
create function public.admit_turn(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  perform public.begin_turn(request);
  -- Undoes all that begin_turn has done in this block.
  raise exception using errcode = 'FB001', message = 'admitted';
exception
  when sqlstate 'FB001' then
    return null;
end
$$;

revoke all on function public.admit_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.admit_turn(jsonb) to service_role;
