-- Makes rows of a deleted principal in the ledger nobody's, at most row_limit of them; returns their number.
-- The deployment's sums stay, and nothing leads from a row to a person: the ids that the row had are replaced
-- or removed. A second report of such a call makes a second row.
create function private.anonymise_model_calls(principal_id uuid, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
begin
  update public.model_calls
  set owner_id = null, source_id = gen_random_uuid(), place = 1, generation_id = null, job_id = null,
      step = null, project_id = null
  where model_call_id = any (array(
    select model_call_id from public.model_calls
    where owner_id = principal_id
    limit row_limit));
  get diagnostics changed = row_count;
  return changed;
end
$$;

create function private.anonymise_last_model_calls() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.anonymise_model_calls(old.id, null);
  return null;
end
$$;

revoke all on function
  private.anonymise_model_calls(uuid, integer),
  private.anonymise_last_model_calls()
from public, anon, authenticated, service_role;
grant execute on function private.anonymise_model_calls(uuid, integer) to service_role;

-- Runs after the cascades, which wait for turns that are ending.
create trigger anonymise_model_calls after delete on public.principals
  for each row execute function private.anonymise_last_model_calls();
