-- The dossier's part of a turn's prompt, built from the facts that were stored with the snapshot.

-- The messages that have left the path after a position of the log, and have not come back.
create function private.messages_left_since(wanted_project_id uuid, after_position bigint)
returns uuid[]
language sql stable set search_path = ''
return array(
  select moved.message_id
  from (
    select distinct on (named.message_id) named.message_id::uuid as message_id, named.has_left
    from public.dossier_assertions entry
    cross join lateral (
      select jsonb_array_elements_text(entry.body -> 'left') as message_id, true as has_left
      union all
      select jsonb_array_elements_text(entry.body -> 'back'), false
    ) named
    where entry.project_id = wanted_project_id and entry.position > after_position
      and entry.kind = 'path'
    order by named.message_id, entry.position desc
  ) moved
  where moved.has_left);

-- The lines of these facts (dossiers.facts_json) that fit into max_bytes, without the facts that come only
-- from the messages in gone_ids.
create function private.facts_within(facts jsonb, max_bytes integer, gone_ids uuid[])
returns jsonb
language sql stable set search_path = ''
return (
  with parts as (
    select line.place as line_place, part.place,
      part.value ->> 'text' as text,
      array(
        select fact ->> 0 from jsonb_array_elements(part.value -> 'facts') fact
        where (fact ->> 1)::uuid = any (gone_ids) is not true) as fact_ids,
      jsonb_array_length(part.value -> 'facts') = 0 as needs_no_fact
    from jsonb_array_elements(facts -> 'lines') with ordinality as line (value, place)
    cross join lateral jsonb_array_elements(line.value -> 'parts')
      with ordinality as part (value, place)
  ),
  kept as (
    select * from parts
    where (needs_no_fact or cardinality(fact_ids) > 0)
      and exists (
        select from parts head
        where head.line_place = parts.line_place and head.place = 1
          and (head.needs_no_fact or cardinality(head.fact_ids) > 0))
  ),
  lines as (
    select line_place, '- ' || string_agg(text, '' order by place) as text
    from kept group by line_place
  ),
  fitting as (
    select *, sum(octet_length(text) + 1) over (order by line_place) as bytes_so_far from lines
  ),
  told as (
    select * from fitting where bytes_so_far <= max_bytes
  )
  select jsonb_build_object(
    'text', coalesce((select string_agg(text, E'\n' order by line_place) from told), ''),
    'fact_ids', coalesce((
      select jsonb_agg(distinct fact_id)
      from kept
      join told using (line_place)
      cross join lateral unnest(kept.fact_ids) as fact_id), '[]'))
);

-- The dossier for a turn of this session, whose row is as it was before the turn: {version, pending,
-- updated, text, fact_ids}. text has at most max_bytes of known facts about the story, and fact_ids are the
-- assertions that it comes from. Facts come from the snapshot: later findings are missing, and so are facts
-- that come only from messages that have left the path. updated is whether the dossier has changed since the
-- session's previous turn.
create function private.dossier_of_turn(session public.sessions, max_bytes integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  dossier record;
  gone_ids uuid[] := '{}';
  told jsonb;
begin
  select head, folded_to, facts_json into dossier
  from public.dossiers where project_id = session.project_id;
  if dossier.head > dossier.folded_to then
    gone_ids := private.messages_left_since(session.project_id, dossier.folded_to);
  end if;
  told := case
    when gone_ids = '{}' and octet_length(dossier.facts_json ->> 'text') <= max_bytes
      then dossier.facts_json - 'lines'
    when dossier.facts_json ? 'lines'
      then private.facts_within(dossier.facts_json, max_bytes, gone_ids)
    else '{"text": "", "fact_ids": []}'
  end;
  return told || jsonb_build_object(
    'version', dossier.head,
    'pending', private.is_dossier_pending(session.session_id),
    'updated', private.is_dossier_updated(
      session.session_id, session.last_epoch + 1, dossier.head));
end
$$;

revoke all on function
  private.messages_left_since(uuid, bigint),
  private.facts_within(jsonb, integer, uuid[]),
  private.dossier_of_turn(public.sessions, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.messages_left_since(uuid, bigint),
  private.facts_within(jsonb, integer, uuid[]),
  private.dossier_of_turn(public.sessions, integer)
to service_role;
