-- Refuses anything but a list of facts.
create function private.check_fact_ids(fact_ids jsonb) returns void
language plpgsql immutable set search_path = '' as $$
declare
  max_facts constant integer := 2000;
begin
  if jsonb_typeof(fact_ids) <> 'array'
    or jsonb_array_length(fact_ids) > max_facts
    or exists (
      select from jsonb_array_elements_text(fact_ids) sent (fact_id)
      where (sent.fact_id ~ '^[0-9a-f]{64}$') is not true)
  then
    perform private.refuse(422, 'invalid_request', format(
      'dossier_facts must be an array of at most %s ids of assertions.', max_facts));
  end if;
end
$$;

-- The facts in a generation's prompt: [{fact_id, kind, body, message_id}]; for those that were removed
-- since, only the id.
create function private.describe_facts(generation public.generations) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object('fact_id', sent.fact_id)
      || case when fact.assertion_id is null then '{}'
        else jsonb_build_object(
          'kind', fact.kind, 'body', fact.body, 'message_id', fact.message_id) end
    order by sent.place), '[]')
  from jsonb_array_elements_text(generation.dossier_facts)
    with ordinality as sent (fact_id, place)
  left join lateral (
    select * from public.dossier_assertions
    where project_id = (
        select project_id from public.sessions where session_id = generation.session_id)
      and assertion_id = sent.fact_id
    limit 1
  ) fact on true);

revoke all on function
  private.check_fact_ids(jsonb),
  private.describe_facts(public.generations)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_fact_ids(jsonb),
  private.describe_facts(public.generations)
to service_role;
