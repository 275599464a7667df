-- Bots of the relay: a model with its instructions, and where and with which key it is reached.

create table public.bots (
  bot_id bigint generated always as identity primary key,
  owner_id uuid not null references public.principals (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  -- Null: whichever provider has the model by the deployment's settings.
  provider text check (char_length(provider) between 1 and 64),
  model text not null check (char_length(model) between 1 and 256),
  system text check (octet_length(system) between 1 and 200000),
  -- Where requests go instead of the provider's own address.
  access_path text check (char_length(access_path) between 1 and 2048),
  is_public boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Written through the API and read by begin_turn alone, for the edge: in a schema that REST does not
-- expose, and apart from the bot, so that no answer about a bot can have it.
create table private.bot_keys (
  bot_id bigint primary key references public.bots (bot_id) on delete cascade,
  access_key text not null check (char_length(access_key) between 1 and 4096)
);

-- A principal's bots, newest first.
create index bots_of_owner on public.bots (owner_id, bot_id desc);
-- Everybody's bots, newest first, and how many are another's.
create index public_bots on public.bots (bot_id desc) include (owner_id) where is_public;

alter table public.bots enable row level security;
alter table private.bot_keys enable row level security;

-- Over REST the own ones alone: of public bots the instructions are their owner's, and row level
-- security hides rows, not columns.
create policy own_bots_are_readable on public.bots for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger touch_updated_at before update on public.bots
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
create trigger hold_owner before insert on public.bots
  for each row execute function private.hold_owner();

-- As before, and the bots.
create or replace function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for update;
  perform from public.projects where owner_id = principal_id order by project_id for update;
  perform from public.dossiers where owner_id = principal_id order by project_id for update;
  perform from public.sessions where owner_id = principal_id order by session_id for update;
  return true;
end
$$;

-- As before, and the bots.
create or replace function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (select count(*) from public.sessions where owner_id = guest_id),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  update public.usage set owner_id = account_id where owner_id = guest_id;
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

-- The number under `bot_id`, from a body or as text from a path; null when it is absent.
create function private.read_bot_id(request jsonb) returns bigint
language plpgsql stable set search_path = '' as $$
declare
  max_id constant numeric := 9223372036854775807;
  value constant text := request ->> 'bot_id';
begin
  if value !~ '^[1-9][0-9]{0,18}$' or value::numeric > max_id then
    perform private.refuse(400, 'invalid_id', 'bot_id must be a whole number from 1 on.');
  end if;
  return value::bigint;
end
$$;

-- A bot as this principal sees it: instructions and address are for its owner, the key for nobody.
create function private.describe_bot(bot public.bots, principal_id uuid) returns jsonb
language sql stable
return jsonb_build_object(
  'bot_id', bot.bot_id,
  'user_id', bot.owner_id,
  'name', bot.name,
  'provider', bot.provider,
  'model', bot.model,
  'system', case when bot.owner_id = principal_id then bot.system end,
  'access_path', case when bot.owner_id = principal_id then bot.access_path end,
  'has_access_key', case when bot.owner_id = principal_id
    then exists (select from private.bot_keys bot_key where bot_key.bot_id = bot.bot_id) end,
  'is_public', bot.is_public,
  'created_at', private.iso(bot.created_at),
  'updated_at', private.iso(bot.updated_at));

-- The answer of functions about a bot that is not there, or is another's and not public.
create function private.refuse_bot() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such bot: list the bots to see which there are.');
end
$$;

-- The bot, if the principal may use it.
create function private.visible_bot(principal_id uuid, wanted_id bigint) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots;
begin
  select * into bot from public.bots
  where bot_id = wanted_id and (owner_id = principal_id or is_public);
  if not found then
    perform private.refuse_bot();
  end if;
  return bot;
end
$$;

-- The bot, locked until the transaction ends, if the principal may change it.
create function private.open_bot(principal_id uuid, wanted_id bigint) returns public.bots
language plpgsql set search_path = '' as $$
declare
  bot public.bots := private.visible_bot(principal_id, wanted_id);
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

-- Refuses members of a bot that could not be stored. Those that are absent are fine.
create function private.check_bot(body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if jsonb_typeof(body) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'The body must be an object.');
  end if;
  if body ? 'name' and char_length(btrim(body ->> 'name')) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if body ? 'model' and char_length(btrim(body ->> 'model')) between 1 and 256 is not true then
    perform private.refuse(422, 'invalid_request',
      'model must be the provider''s name of a model, 1 to 256 characters.');
  end if;
  if body ? 'is_public' and jsonb_typeof(body -> 'is_public') <> 'boolean' then
    perform private.refuse(422, 'invalid_request', 'is_public must be true or false.');
  end if;
  perform private.read_profile_text(body, 'provider', 64, '', 'text of 1 to 64 characters');
  -- Bytes are limited where it is stored: 4 of them are the most that a character has.
  perform private.read_profile_text(body, 'system', 50000, '', 'text of 1 to 50000 characters');
  perform private.read_profile_text(body, 'access_path', 2048, '^https?://[^[:space:]]+$',
    'an http or https URL of at most 2048 characters');
  perform private.read_profile_text(body, 'access_key', 4096, '^[[:graph:]]+$',
    'a key of 1 to 4096 visible characters');
end
$$;

-- Stores or removes the key if the body says so.
create function private.save_bot_key(changed_id bigint, body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if not body ? 'access_key' then
    return;
  end if;
  if body ->> 'access_key' is null then
    delete from private.bot_keys where bot_id = changed_id;
  else
    insert into private.bot_keys (bot_id, access_key)
    values (changed_id, btrim(body ->> 'access_key'))
    on conflict (bot_id) do update set access_key = excluded.access_key;
  end if;
end
$$;

-- A new bot of the principal's: {principal, body: {name, provider, model, system, access_path,
-- access_key, is_public}}, of which only the model must be there. Without a name it is called like
-- its model.
create function public.save_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := '{"model": null}' || coalesce(request -> 'body', '{}');
  bot public.bots;
begin
  perform private.check_bot(body);
  insert into public.bots (owner_id, name, provider, model, system, access_path, is_public)
  values (
    principal_id, coalesce(btrim(body ->> 'name'), left(btrim(body ->> 'model'), 200)),
    btrim(body ->> 'provider'), btrim(body ->> 'model'), btrim(body ->> 'system'),
    btrim(body ->> 'access_path'), coalesce((body ->> 'is_public')::boolean, false))
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, body);
  return private.answer(
    private.describe_bot(bot, principal_id), 201, private.version_of(bot.updated_at));
end
$$;

-- The principal's bots and everybody's, newest first: {principal, query: {limit, offset}}.
create function public.list_bots(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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
    (select count(*) from public.bots where owner_id = principal_id)
      + (select count(*) from public.bots where is_public and owner_id <> principal_id),
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
          where others.is_public and others.owner_id <> principal_id
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

-- A bot of the principal's, or a public one: {principal, bot_id}.
create function public.read_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  bot public.bots := private.visible_bot(principal_id, private.read_bot_id(request));
begin
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

-- Changes what body has: {principal, bot_id, if_match, body: as save_bot's}. What is absent stays;
-- null removes provider, system, access_path and access_key.
create function public.update_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  principal_id uuid := private.resolve_principal(request -> 'principal');
  body constant jsonb := coalesce(request -> 'body', '{}');
  bot public.bots := private.open_bot(principal_id, private.read_bot_id(request));
begin
  perform private.check_version(request ->> 'if_match', private.version_of(bot.updated_at));
  perform private.check_bot(body);
  update public.bots
  set name = coalesce(btrim(body ->> 'name'), name),
      provider = case when body ? 'provider' then btrim(body ->> 'provider') else provider end,
      model = coalesce(btrim(body ->> 'model'), model),
      system = case when body ? 'system' then btrim(body ->> 'system') else system end,
      access_path = case
        when body ? 'access_path' then btrim(body ->> 'access_path') else access_path
      end,
      is_public = coalesce((body ->> 'is_public')::boolean, is_public)
  where bot_id = bot.bot_id
  returning * into bot;
  perform private.save_bot_key(bot.bot_id, body);
  return private.answer(
    private.describe_bot(bot, principal_id), etag => private.version_of(bot.updated_at));
end
$$;

-- Removes a bot with its key: {principal, bot_id, if_match}. What it has said stays.
create function public.delete_bot(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  bot public.bots;
begin
  bot := private.open_bot(
    private.resolve_principal(request -> 'principal'), private.read_bot_id(request));
  perform private.check_version(request ->> 'if_match', private.version_of(bot.updated_at));
  delete from public.bots where bot_id = bot.bot_id;
  return private.answer('{"message": "The bot is deleted; its conversations stay."}');
end
$$;

select private.align_grants_with_policies();
grant select, insert, update, delete on private.bot_keys to service_role;

revoke all on function
  private.read_bot_id(jsonb),
  private.describe_bot(public.bots, uuid),
  private.refuse_bot(),
  private.visible_bot(uuid, bigint),
  private.open_bot(uuid, bigint),
  private.check_bot(jsonb),
  private.save_bot_key(bigint, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.read_bot_id(jsonb),
  private.describe_bot(public.bots, uuid),
  private.refuse_bot(),
  private.visible_bot(uuid, bigint),
  private.open_bot(uuid, bigint),
  private.check_bot(jsonb),
  private.save_bot_key(bigint, jsonb)
to service_role;

revoke all on function
  public.save_bot(jsonb),
  public.list_bots(jsonb),
  public.read_bot(jsonb),
  public.update_bot(jsonb),
  public.delete_bot(jsonb)
from public, anon, authenticated;
grant execute on function
  public.save_bot(jsonb),
  public.list_bots(jsonb),
  public.read_bot(jsonb),
  public.update_bot(jsonb),
  public.delete_bot(jsonb)
to service_role;
