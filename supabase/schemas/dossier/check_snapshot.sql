-- Refuses anything but a valid snapshot for readers.
create function private.check_snapshot(snapshot jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Many times the dossier of a long novel; with a page of the log it is still one answer.
  max_snapshot_bytes constant integer := 2097152;
  list text;
begin
  foreach list in array array[
    'characters', 'themes', 'locations', 'plot_points', 'objects', 'open_questions']
  loop
    if jsonb_typeof(snapshot -> list) is distinct from 'array' then
      perform private.refuse(422, 'invalid_request',
        format('snapshot must be an object whose %s is an array.', list));
    end if;
  end loop;
  if octet_length(snapshot::text) > max_snapshot_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'snapshot may have %s bytes: leave it out, the assertions are stored without it.',
      max_snapshot_bytes));
  end if;
end
$$;

-- Refuses anything but facts that can be stored for prompts.
create function private.check_facts(facts jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_facts_bytes constant integer := 262144;
begin
  if jsonb_typeof(facts) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'facts must be an object.');
  end if;
  if octet_length(facts::text) > max_facts_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'facts may have %s bytes: a prompt takes less than that.', max_facts_bytes));
  end if;
end
$$;

revoke all on function
  private.check_snapshot(jsonb),
  private.check_facts(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_snapshot(jsonb),
  private.check_facts(jsonb)
to service_role;
