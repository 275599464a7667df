-- The length of the common beginning of two texts, in characters.
create function private.common_prefix(one text, other text) returns integer
language plpgsql immutable set search_path = '' as $$
declare
  known integer := 0;
  unknown integer := least(char_length(one), char_length(other)) + 1;
  middle integer;
begin
  while unknown - known > 1 loop
    middle := (known + unknown) / 2;
    if left(one, middle) = left(other, middle) then
      known := middle;
    else
      unknown := middle;
    end if;
  end loop;
  return known;
end
$$;

revoke all on function private.common_prefix(text, text)
from public, anon, authenticated, service_role;
grant execute on function private.common_prefix(text, text) to service_role;
