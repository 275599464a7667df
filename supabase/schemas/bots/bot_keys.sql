-- Written through the API, and read only by begin_turn and the rotation, for the edge: in a schema that REST
-- does not expose, and separate from the bot, so that no answer about a bot can contain it.
create table private.bot_keys (
  bot_id bigint primary key references public.bots (bot_id) on delete cascade,
  -- The edge's ciphertext, which only opens for this bot. Without an encryption key: the plain key, as earlier
  -- versions have stored it.
  access_key text not null check (char_length(access_key) between 1 and 5499),
  -- Names the encryption key of the deployment.
  encryption_key_id text check (encryption_key_id ~ '^[0-9a-f]{16}$')
);

alter table private.bot_keys enable row level security;

grant select, insert, update, delete on private.bot_keys to service_role;
