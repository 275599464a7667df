-- The amounts that people may use in a month, which begins at midnight UTC, and store at a time. Null: unlimited.
create table public.plans (
  name text primary key check (name ~ '^[a-z][a-z0-9_-]{0,31}$'),
  -- Requests to models, and their tokens as in the ledger: input and output.
  calls_a_month bigint check (calls_a_month >= 0),
  tokens_a_month bigint check (tokens_a_month >= 0),
  images_a_month bigint check (images_a_month >= 0),
  -- The plan of everybody to whom the operator has assigned none, and whose token names none.
  is_default boolean not null default false,
  -- The text that people may store at a time (stored_byte_changes.sql). Null: unlimited.
  stored_bytes bigint check (stored_bytes >= 0)
);

comment on table public.plans is 'Plans of the operator. Not readable over REST.';

create unique index plans_have_one_default on public.plans (is_default) where is_default;

alter table public.plans enable row level security;

-- A reply takes one call and, with the usual history, up to 15,000 tokens; a short story about 30 calls and
-- 100,000 tokens, a long one 60 and 400,000.
insert into public.plans (name, calls_a_month, tokens_a_month, images_a_month, is_default, stored_bytes)
values
  ('free', 2000, 5000000, 20, true, 200000000),
  ('basic', 20000, 50000000, 200, false, 2000000000),
  ('pro', 200000, 500000000, 2000, false, 20000000000);
