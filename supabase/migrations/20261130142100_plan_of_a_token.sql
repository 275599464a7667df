-- A token may name its user's plan: the plan is kept with the principal, and counts unless the operator has
-- assigned another one.

alter table public.principals
  add column claimed_plan text check (char_length(claimed_plan) <= 64);

-- Keeps the plan that a token names, for jobs and for calls without a token. When the principal's row is locked,
-- their next call does it: concurrent calls must not wait for each other. A name that no plan has is logged
-- for the operator; it is no fault of the caller.
create function private.keep_claimed_plan(principal_id uuid, plan_name text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.principals
  where id = principal_id and claimed_plan is distinct from plan_name
  for no key update skip locked;
  if not found then
    return;
  end if;
  update public.principals set claimed_plan = plan_name where id = principal_id;
  if plan_name is not null and not exists (select from public.plans where name = plan_name) then
    raise warning 'a token names the plan "%", which does not exist: its user has the default plan', plan_name;
  end if;
end
$$;

revoke all on function private.keep_claimed_plan(uuid, text) from public, anon, authenticated, service_role;
grant execute on function private.keep_claimed_plan(uuid, text) to service_role;

-- The principal's plan: the one that the operator has assigned, else the one that their newest token has named,
-- else the default.
create or replace function private.plan_of(principal_id uuid) returns public.plans
language plpgsql stable set search_path = '' as $$
declare
  plan public.plans;
begin
  select * into plan from public.plans
  where name = (
    select principal_plans.plan from public.principal_plans where owner_id = principal_id);
  if not found then
    select * into plan from public.plans
    where name = (select claimed_plan from public.principals where id = principal_id);
  end if;
  if not found then
    select * into plan from public.plans where is_default;
  end if;
  return plan;
end
$$;

-- The principal's id; a new user or guest is stored first. Takes one of
--   {"kind": "user", "issuer", "subject", "plan" that the token names, if it does}
--   {"kind": "external", "issuer", "subject", "issued_at" of the token in seconds, if it has one, "plan"}
--   {"kind": "guest" | "new_guest", "token_hash"}
--   {"kind": "named", "subject"}, the principal with this id, for a server that has the secret key; if there
--   is none, a user of Supabase Auth who has not called yet
-- A plan that a token names is kept (private.plan_of). Locks a guest until the transaction ends, so that
-- migrate_guest also moves this transaction's rows.
create or replace function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  guest_lifetime constant interval := '30 days';
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  principal public.principals := private.find_principal(caller);
begin
  if principal.id is null and caller ->> 'kind' <> 'guest' then
    -- Two first calls at once may collide in any key of the same new row.
    insert into public.principals (id, kind, issuer, subject, guest_token_hash, expires_at)
    select new.id, new.kind, new.issuer, new.subject, new.guest_token_hash, new.expires_at
    from (
      select private.read_id(caller, 'subject') as id, 'user' as kind,
        caller ->> 'issuer' as issuer, private.read_id(caller, 'subject')::text as subject,
        null as guest_token_hash, null::timestamptz as expires_at
      where caller ->> 'kind' = 'user'
      union all
      select private.read_id(caller, 'subject'), 'user', 'supabase',
        private.read_id(caller, 'subject')::text, null, null
      where caller ->> 'kind' = 'named'
      union all
      select gen_random_uuid(), 'external', caller ->> 'issuer', caller ->> 'subject', null, null
      where caller ->> 'kind' = 'external'
      union all
      select gen_random_uuid(), 'guest', null, null, caller ->> 'token_hash',
        clock_timestamp() + guest_lifetime
      where caller ->> 'kind' = 'new_guest'
    ) new
    on conflict do nothing;
    -- Looked at after the row is there: a deletion at the same time has either seen the row or left
    -- its mark.
    if private.is_deleted(caller) then
      perform private.refuse_deleted_account();
    end if;
    principal := private.find_principal(caller);
  end if;
  if principal.id is null and private.is_deleted(caller) then
    perform private.refuse_deleted_account();
  end if;
  perform private.require_current(principal);

  -- Before the lock below: two that hold it and then both wanted to write would wait for each other
  -- as soon as a migration waited for both.
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + guest_lifetime end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  -- A server with the secret key has no token of the user.
  if caller ->> 'kind' in ('user', 'external')
    and principal.claimed_plan is distinct from left(caller ->> 'plan', 64)
  then
    perform private.keep_claimed_plan(principal.id, left(caller ->> 'plan', 64));
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

-- The caller's usage of their plan in this month: {principal}; answers private.plan_usage.
create or replace function public.read_usage(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- A statement of its own, because it may change the plan that the next one reads.
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer(private.plan_usage(principal_id, private.month_of(clock_timestamp())));
end
$$;

-- An account as the operator sees it.
create or replace function private.account_body(principal public.principals) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'user_id', principal.id,
  'kind', principal.kind,
  'issuer', principal.issuer,
  'plan', (private.plan_of(principal.id)).name,
  'created_at', private.iso(principal.created_at),
  'last_seen_at', private.iso(principal.last_seen_at),
  'suspended_at', private.iso(principal.suspended_at),
  'deleted_at', private.iso(principal.deleted_at));
