-- A message's text without the parts that its user wants forgotten, for summaries.
create function private.without_forgotten(message public.messages) returns text
language plpgsql stable set search_path = '' as $$
declare
  spans constant jsonb := (
    select forgotten from public.memory_readings
    where session_id = message.session_id and message_id = message.message_id);
  bytes bytea;
  kept bytea := '';
  last_end integer := 0;
  span record;
begin
  if spans is null or spans = '[]' then
    return message.content;
  end if;
  bytes := convert_to(message.content, 'UTF8');
  for span in
    select (value ->> 0)::integer as first, (value ->> 1)::integer as after
    from jsonb_array_elements(spans)
    order by 1
  loop
    if span.first > last_end then
      kept := kept || substr(bytes, last_end + 1, span.first - last_end);
    end if;
    last_end := greatest(last_end, span.after);
  end loop;
  return convert_from(kept || substr(bytes, last_end + 1), 'UTF8');
end
$$;

revoke all on function private.without_forgotten(public.messages)
from public, anon, authenticated, service_role;
grant execute on function private.without_forgotten(public.messages) to service_role;
