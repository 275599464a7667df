-- The endpoints that read characters.

-- One of the principal's characters, or a public one: {principal, companion_id}.
create function public.read_character(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  companion constant public.characters := private.visible_character(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'companion_id'));
begin
  if companion.character_id is null then
    perform private.refuse_character();
  end if;
  return private.answer(
    private.describe_character(companion), etag => private.version_of(companion.updated_at));
end
$$;

-- The same with the imported card, for the edge, which makes a card from both: {principal, companion_id};
-- returns {character, card | null}.
create function public.read_character_card(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  companion constant public.characters := private.visible_character(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'companion_id'));
begin
  if companion.character_id is null then
    perform private.refuse_character();
  end if;
  return jsonb_build_object(
    'character', private.describe_character(companion), 'card', companion.card);
end
$$;

-- The principal's characters and all public ones, newest first: {principal, query: {limit, offset}}.
create function public.list_characters(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  page jsonb;
  total bigint;
begin
  -- Each of the two indexes is in the order of the list, and read as far as the page; one condition
  -- for both would sort all.
  select
    (select count(*) from public.characters where owner_id = principal_id)
      + (select count(*) from public.characters
         where visibility = 'public' and owner_id <> principal_id),
    (select jsonb_agg(private.describe_character(companion)
       order by companion.created_at desc, companion.character_id)
    from (
      select visible.character_id
      from (
        (
          select own.character_id, own.created_at from public.characters own
          where own.owner_id = principal_id
          order by own.created_at desc, own.character_id
          limit first_row + row_count
        )
        union all
        (
          select others.character_id, others.created_at from public.characters others
          where others.visibility = 'public' and others.owner_id <> principal_id
          order by others.created_at desc, others.character_id
          limit first_row + row_count
        )
      ) visible
      order by visible.created_at desc, visible.character_id
      limit row_count offset first_row
    ) listed
    cross join lateral (
      select * from public.characters whole where whole.character_id = listed.character_id limit 1
    ) companion)
  into total, page;
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function
  public.read_character(jsonb),
  public.read_character_card(jsonb),
  public.list_characters(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.read_character(jsonb),
  public.read_character_card(jsonb),
  public.list_characters(jsonb)
to service_role;
