-- Reads a project's dossier: {principal, project_id}. The version is a position of its log. The answer also
-- has `head`, next to the body: if it differs from the version, the log has entries that the snapshot
-- lacks.
create function public.read_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  body jsonb;
  log_head bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'project_id');
  perform private.act_as(principal_id);
  select dossier.head, jsonb_build_object(
    'project_id', dossier.project_id,
    'user_id', dossier.owner_id,
    'title', coalesce(dossier.title, project.name),
    'version', dossier.folded_to,
    'snapshot_json', dossier.snapshot_json,
    'created_at', private.iso(dossier.created_at),
    'updated_at', private.iso(dossier.updated_at))
  into log_head, body
  from public.dossiers dossier
  join public.projects project using (project_id)
  where dossier.project_id = wanted_id;
  perform set_config('role', own_role, true);
  if body is null then
    perform private.refuse_project();
  end if;
  return private.answer(body, etag => body ->> 'version') || jsonb_build_object('head', log_head);
end
$$;

revoke all on function public.read_dossier(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_dossier(jsonb) to service_role;
