-- What has been used, and how often one may ask.

create table public.usage (
  usage_id uuid primary key default gen_random_uuid(),
  -- Without a foreign key: checking one would lock the principal while a turn ends, after its
  -- session, which others lock the other way round. A trigger below removes a principal's rows.
  owner_id uuid not null,
  -- A row outlives what was said: deleting a conversation gives nobody new calls.
  generation_id uuid unique references public.generations (generation_id) on delete set null,
  kind text not null check (kind in ('chat', 'relay', 'companion', 'realtime')),
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  input_tokens integer check (input_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  -- The provider has told no usage: output_tokens follows from the text's length.
  is_estimated boolean not null,
  status text not null
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  created_at timestamptz not null default now()
);

-- A principal's tokens since a time, from the index alone.
create index usage_of_owner on public.usage (owner_id, created_at)
  include (input_tokens, output_tokens);

create table public.rate_limits (
  owner_id uuid not null references public.principals (id) on delete cascade,
  action text not null check (char_length(action) between 1 and 64),
  -- When the whole allowance is there again.
  full_at timestamptz not null,
  primary key (owner_id, action)
);

alter table public.usage enable row level security;
alter table public.rate_limits enable row level security;

comment on table public.rate_limits is
  'One timestamp for each principal and action. Not readable over REST.';

create policy own_usage_is_readable on public.usage for select to authenticated
  using (owner_id = (select private.current_principal()));

-- However a generation ends, what it made has been used.
create function private.record_usage() returns trigger
language plpgsql set search_path = '' as $$
declare
  made_bytes integer := new.saved_bytes - new.base_bytes;
begin
  insert into public.usage (
    owner_id, generation_id, kind, provider, model, input_tokens, output_tokens, is_estimated,
    status, created_at)
  select new.owner_id, new.generation_id, session.kind, new.provider, new.model, new.input_tokens,
    -- The text is not all there yet; an estimate asks for its length alone.
    coalesce(new.output_tokens, private.estimate_tokens(repeat('.', made_bytes))),
    new.output_tokens is null, new.status, new.finished_at
  from public.sessions session
  where session.session_id = new.session_id;
  return null;
end
$$;

create trigger record_usage after update of status on public.generations
  for each row when (old.status = 'streaming' and new.status <> 'streaming')
  execute function private.record_usage();

create function private.delete_usage() returns trigger
language plpgsql set search_path = '' as $$
begin
  delete from public.usage where owner_id = old.id;
  return null;
end
$$;

-- After the cascades, which have waited for turns that were ending.
create trigger delete_usage after delete on public.principals
  for each row execute function private.delete_usage();

-- Counts one use of the action, or refuses: max_requests at once, then one more after each
-- max_requests-th part of the window. A refusal changes nothing; its hint is the seconds to wait.
create function private.take_rate_limit(
  principal_id uuid, action text, max_requests integer, window_seconds integer
) returns void
language plpgsql set search_path = '' as $$
declare
  cost interval;
  holder public.principals;
  earliest timestamptz;
  taken_at timestamptz;
  wait_seconds integer;
  bucket public.rate_limits;
begin
  if max_requests is null or max_requests < 1 or window_seconds is null or window_seconds < 1 then
    perform private.refuse(422, 'invalid_request',
      'A rate limit must be at least one request in at least one second.');
  end if;
  cost := make_interval(secs => window_seconds::double precision / max_requests);

  -- Before the row that is the principal's, as everywhere; so who has the principal for itself need
  -- not wait for these rows.
  select * into holder from public.principals where id = principal_id for key share;
  perform private.require_current(holder);

  -- Twice at most: a first use at the same time has made the row meanwhile.
  for attempt in 1..2 loop
    select * into bucket from public.rate_limits limited
    where limited.owner_id = principal_id and limited.action = take_rate_limit.action
    for no key update;
    taken_at := clock_timestamp();
    if found then
      -- The allowance is the sum of the costs, not the window, which rounding could make smaller.
      earliest := bucket.full_at + cost - cost * max_requests;
      if earliest > taken_at then
        wait_seconds := ceil(extract(epoch from earliest - taken_at));
        perform private.refuse(429, 'rate_limited',
          format('Too many requests: try again in %s s.', wait_seconds), wait_seconds::text);
      end if;
      update public.rate_limits limited
      set full_at = greatest(bucket.full_at, taken_at) + cost
      where limited.owner_id = principal_id and limited.action = take_rate_limit.action;
      return;
    end if;
    insert into public.rate_limits (owner_id, action, full_at)
    values (principal_id, take_rate_limit.action, taken_at + cost)
    on conflict do nothing;
    if found then
      return;
    end if;
  end loop;
end
$$;

select private.align_grants_with_policies();

revoke all on function
  private.record_usage(),
  private.delete_usage(),
  private.take_rate_limit(uuid, text, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.take_rate_limit(uuid, text, integer, integer)
to service_role;
