-- Stores the findings in a part of a text (jobs/has_job_hook.sql): the result is {base, assertions, snapshot,
-- facts, proposals, ...}, the first four as for commit_assertions, proposals the ids that the assertions
-- belong to, and any other members to keep. The answer is {dossier}, the answer of commit_assertions: if its
-- tail is not null, fold the tail and call commit_assertions.
create function private.dossier_import_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  outcome constant jsonb := made -> 'result';
  dossier_start bigint;
begin
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'dossier', private.dossier_since(job.project_id, outcome)));
  end if;
  if jsonb_typeof(outcome -> 'proposals') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request',
      'result.proposals must be an array of the ids that the assertions belong to.');
  end if;
  select log_start into dossier_start from public.dossiers
  where project_id = job.project_id
  for no key update;
  if dossier_start <> (job.payload ->> 'log_start')::bigint then
    perform private.refuse(409, 'stale_lease',
      'The dossier has been emptied, and the import with it: drop what was done.');
  end if;
  return jsonb_build_object(
    'answer', jsonb_build_object(
      'dossier', private.add_assertions(job.project_id, outcome, null)),
    'result', outcome - array['base', 'assertions', 'snapshot', 'facts']);
end
$$;

revoke all on function private.dossier_import_store(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.dossier_import_store(public.jobs, public.job_steps, jsonb)
to service_role;
