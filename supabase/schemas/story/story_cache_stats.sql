-- The caller's cached answers: {principal}; the body is {entries, running, hits, bytes, by_route,
-- oldest_at, newest_at}.
create function public.story_cache_stats(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer((
    select jsonb_build_object(
      'entries', count(*) filter (where body is not null),
      'running', count(*) filter (where body is null),
      'hits', coalesce(sum(hits), 0),
      'bytes', coalesce(sum(octet_length(body::text)), 0),
      'by_route', coalesce((
        select jsonb_object_agg(counted.route, counted.entries)
        from (
          select route, count(*) as entries from public.story_cache
          where owner_id = principal_id and body is not null
          group by route
        ) counted), '{}'),
      'oldest_at', private.iso(min(created_at) filter (where body is not null)),
      'newest_at', private.iso(max(created_at) filter (where body is not null)))
    from public.story_cache
    where owner_id = principal_id));
end
$$;

-- Deletes the caller's cached answers: {principal}; the body is {deleted}. Open tasks continue.
create function public.clear_story_cache(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  deleted_count integer;
begin
  delete from public.story_cache where owner_id = principal_id and body is not null;
  get diagnostics deleted_count = row_count;
  return private.answer(jsonb_build_object('deleted', deleted_count));
end
$$;

revoke all on function
  public.story_cache_stats(jsonb),
  public.clear_story_cache(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.story_cache_stats(jsonb),
  public.clear_story_cache(jsonb)
to service_role;
