-- The versions of a dossier, newest first: {principal, project_id, query: {limit, offset}}; each
-- {version, kind, change, entries, created_at}, where kind is its origin (extracted, confirmed,
-- user, path), change the act of its last entry, and entries the number of its entries.
create function public.list_dossier_versions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  wanted_id constant uuid := private.read_id(request, 'project_id');
  page jsonb;
  total bigint;
begin
  perform private.act_as(private.resolve_principal(request -> 'principal'));
  select
    (select count(*) from public.dossier_assertions where project_id = wanted_id and is_version),
    (select jsonb_agg(
      jsonb_build_object(
        'version', version.position,
        'kind', version.kind,
        'change', version.body ->> 'do',
        'entries', version.position - coalesce((
          select earlier.position from public.dossier_assertions earlier
          where earlier.project_id = wanted_id and earlier.is_version
            and earlier.position < version.position
          order by earlier.position desc
          limit 1
        ), dossier.log_start),
        'created_at', private.iso(version.created_at))
      order by version.position desc)
    from (
      select * from public.dossier_assertions
      where project_id = wanted_id and is_version
      order by position desc
      limit row_count offset first_row
    ) version)
  into total, page
  from public.dossiers dossier
  where dossier.project_id = wanted_id;
  perform set_config('role', own_role, true);
  if total is null then
    perform private.refuse_dossier();
  end if;
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_dossier_versions(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.list_dossier_versions(jsonb) to service_role;
