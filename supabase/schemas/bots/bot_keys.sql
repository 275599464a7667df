-- Written through the API, and read only by begin_turn, for the edge: in a schema that REST does not
-- expose, and separate from the bot, so that no answer about a bot can contain it.
create table private.bot_keys (
  bot_id bigint primary key references public.bots (bot_id) on delete cascade,
  access_key text not null check (char_length(access_key) between 1 and 4096)
);

alter table private.bot_keys enable row level security;

grant select, insert, update, delete on private.bot_keys to service_role;
