-- The entity tag of a row with this time of its last change.
create function private.version_of(updated_at timestamptz) returns text
language sql stable parallel safe
return ((extract(epoch from updated_at) * 1000000)::bigint)::text;

-- Refuses when the caller has seen another version. `if_match` is one entity tag or several
-- separated by commas, with or without quotes; `*` and an absent one match every version.
create function private.check_version(if_match text, version text) returns void
language plpgsql set search_path = '' as $$
declare
  seen constant text[] := string_to_array(translate(if_match, '" ', ''), ',');
begin
  if not (version = any (seen) or '*' = any (seen)) then
    perform private.refuse(412, 'precondition_failed',
      'It has changed since you read it: read it again and decide anew.');
  end if;
end
$$;

revoke all on function
  private.version_of(timestamptz),
  private.check_version(text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.version_of(timestamptz),
  private.check_version(text, text)
to service_role;
