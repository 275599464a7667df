-- The bot, if the principal may use it. Where the deployment hides public bots, only its owner may.
create function private.visible_bot(
  principal_id uuid, wanted_id bigint, hides_public_bots boolean default false
) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots;
begin
  select * into bot from public.bots
  where bot_id = wanted_id
    and (owner_id = principal_id or (is_public and hides_public_bots is not true));
  if not found then
    perform private.refuse_bot();
  end if;
  return bot;
end
$$;

-- The bot, locked until the transaction ends, if the principal may change it. One that they may not see is
-- refused like an unknown one.
create function private.open_bot(
  principal_id uuid, wanted_id bigint, hides_public_bots boolean default false
) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots := private.visible_bot(principal_id, wanted_id, hides_public_bots);
begin
  if bot.owner_id <> principal_id then
    perform private.refuse(403, 'forbidden',
      'This bot is another''s: create one of your own, and change that.');
  end if;
  select * into bot from public.bots
  where bot_id = wanted_id and owner_id = principal_id
  for no key update;
  if not found then
    perform private.refuse_bot();
  end if;
  return bot;
end
$$;

revoke all on function
  private.visible_bot(uuid, bigint, boolean),
  private.open_bot(uuid, bigint, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.visible_bot(uuid, bigint, boolean),
  private.open_bot(uuid, bigint, boolean)
to service_role;
