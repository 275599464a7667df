-- The principal's bots and all public ones, newest first: {principal, query: {limit, offset},
-- hides_public_bots}.
create function public.list_bots(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  principal_id uuid := private.resolve_principal(request -> 'principal');
  shows_public constant boolean := (request ->> 'hides_public_bots')::boolean is not true;
  page jsonb;
  total bigint;
begin
  -- Each of the two indexes is in the order of the list, and read as far as the page; one condition
  -- for both would sort all.
  select
    (select count(*) from public.bots where owner_id = principal_id)
      + (select count(*) from public.bots
        where shows_public and is_public and owner_id <> principal_id),
    (select jsonb_agg(private.describe_bot(bot, principal_id) order by bot.bot_id desc)
    from (
      select visible.bot_id
      from (
        (
          select own.bot_id from public.bots own
          where own.owner_id = principal_id
          order by own.bot_id desc
          limit first_row + row_count
        )
        union all
        (
          select others.bot_id from public.bots others
          where shows_public and others.is_public and others.owner_id <> principal_id
          order by others.bot_id desc
          limit first_row + row_count
        )
      ) visible
      order by visible.bot_id desc
      limit row_count offset first_row
    ) listed
    cross join lateral (
      select * from public.bots whole where whole.bot_id = listed.bot_id limit 1
    ) bot)
  into total, page;
  return private.answer_page(page, first_row, total);
end
$$;

revoke all on function public.list_bots(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.list_bots(jsonb) to service_role;
