-- Requests with an Idempotency-Key that have made something, other than turns and stories' tasks, which keep
-- their own. It has ids of what was made, and none of its contents: a repeated request reads them anew.
create table public.idempotency_keys (
  owner_id uuid not null references public.principals (id) on delete cascade,
  idempotency_key text not null check (char_length(idempotency_key) between 1 and 255),
  -- SHA-256 of the operation and its request, as hexadecimal digits.
  request_hash text not null check (char_length(request_hash) between 1 and 128),
  function_name text not null check (char_length(function_name) between 1 and 63),
  -- {read: the request for reading what was made, status, status_url?}.
  made jsonb not null check (jsonb_typeof(made) = 'object'),
  created_at timestamptz not null default now(),
  primary key (owner_id, idempotency_key)
);

comment on table public.idempotency_keys is 'Names of requests, for a day. Not readable over REST.';

-- The oldest ones, for the cleaner.
create index idempotency_keys_by_age on public.idempotency_keys (created_at);

alter table public.idempotency_keys enable row level security;
