-- The principal's dossiers, newest first: {principal, query: {limit, offset}}.
create function public.list_dossiers(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid;
  page jsonb;
  total bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  perform private.act_as(principal_id);
  select
    (select count(*) from public.dossiers where owner_id = principal_id),
    (select jsonb_agg(
      jsonb_build_object(
        'project_id', dossier.project_id,
        'title', coalesce(dossier.title, (
          select name from public.projects where project_id = dossier.project_id)),
        'version', dossier.folded_to,
        'character_count', dossier.character_count,
        'theme_count', dossier.theme_count,
        'location_count', dossier.location_count,
        'plot_point_count', dossier.plot_point_count,
        'object_count', dossier.object_count,
        'open_question_count', dossier.open_question_count,
        'updated_at', private.iso(dossier.updated_at))
      order by dossier.updated_at desc, dossier.project_id)
    from (
      select * from public.dossiers
      where owner_id = principal_id
      order by updated_at desc, project_id
      limit row_count offset first_row
    ) dossier)
  into total, page;
  perform set_config('role', own_role, true);
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_dossiers(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_dossiers(jsonb) to service_role;
