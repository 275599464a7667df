-- Locks the principal's row of principal_plans, which makes decisions about their plan come one at a time. Call it
-- after all other locks.
create function private.hold_plan(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.principal_plans as known (owner_id) values (principal_id)
  on conflict on constraint principal_plans_pkey do nothing;
  perform from public.principal_plans known
  where known.owner_id = principal_id
  for no key update;
end
$$;

-- The bytes of text that the principal stores now. A session that is being erased may count less than it has.
create function private.stored_bytes(principal_id uuid) returns bigint
language sql stable set search_path = ''
return (
  select greatest(coalesce(sum(bytes), 0), 0)::bigint
  from public.stored_byte_changes where owner_id = principal_id);

-- Makes one row of the changes by other transactions. The plan is locked.
create function private.add_up_stored_bytes(principal_id uuid) returns void
language sql set search_path = '' as $$
  with earlier as (
    delete from public.stored_byte_changes
    where owner_id = principal_id and transaction_id <> pg_current_xact_id()
    returning bytes
  )
  insert into public.stored_byte_changes (owner_id, bytes, transaction_id)
  select principal_id, coalesce(sum(bytes), 0), '0'::xid8 from earlier;
$$;

-- Refuses with 429 plan_exceeded if this transaction, which has stored its rows, makes the principal store more
-- than their plan allows; the refusal undoes it. Call it after all other locks. A transaction that has
-- added less than least_added is not refused: with 1 a full plan still allows changes that add nothing.
create function private.check_stored_bytes(principal_id uuid, least_added bigint default 1) returns void
language plpgsql set search_path = '' as $$
declare
  -- So few that adding them up costs less than making one row of them.
  max_changes constant integer := 64;
  retry_after_s constant integer := 3600;
  taken jsonb;
  added bigint;
  changes bigint;
begin
  perform private.hold_plan(principal_id);
  select coalesce(sum(bytes) filter (where transaction_id = pg_current_xact_id()), 0), count(*)
  into added, changes
  from public.stored_byte_changes where owner_id = principal_id;
  if added >= least_added then
    taken := private.plan_usage(principal_id, private.month_of(clock_timestamp()));
    if (taken #>> '{stored,bytes}')::bigint > (taken #>> '{stored,limit_bytes}')::bigint then
      perform private.refuse(429, 'plan_exceeded', format(
          'Your plan %s has room for %s bytes of text, and with this you would store %s: delete conversations, '
          'projects or characters, send less, or ask for a larger plan.',
          taken ->> 'plan', taken #>> '{stored,limit_bytes}', taken #>> '{stored,bytes}'),
        jsonb_build_object(
          'retry_after_s', retry_after_s, 'members', taken - 'month',
          'limit', taken #> '{stored,limit_bytes}',
          'remaining', greatest(0, (taken #>> '{stored,limit_bytes}')::bigint
            - (taken #>> '{stored,bytes}')::bigint + added))::text);
    end if;
  end if;
  if changes > max_changes then
    perform private.add_up_stored_bytes(principal_id);
  end if;
end
$$;

revoke all on function
  private.hold_plan(uuid),
  private.stored_bytes(uuid),
  private.add_up_stored_bytes(uuid),
  private.check_stored_bytes(uuid, bigint)
from public, anon, authenticated, service_role;
grant execute on function
  private.hold_plan(uuid),
  private.stored_bytes(uuid),
  private.add_up_stored_bytes(uuid),
  private.check_stored_bytes(uuid, bigint)
to service_role;
