-- The time after which a part of a counter may be used once more, and the latest time at which it is full
-- again that still allows a use. The first parts have one use more if the parts do not divide the limit.
create function private.counter_cost(max_uses integer, window_seconds integer, parts integer, part integer)
returns interval
language sql immutable parallel safe
return make_interval(secs => window_seconds::double precision
  / (max_uses / parts + (part < max_uses % parts)::integer));

create function private.counter_has_room(
  full_at timestamptz, max_uses integer, window_seconds integer, parts integer, part integer
) returns boolean
language sql volatile
return full_at <= clock_timestamp() + private.counter_cost(max_uses, window_seconds, parts, part)
  * (max_uses / parts + (part < max_uses % parts)::integer - 1);

-- The parts of a counter that have no row, in any order.
create function private.unused_parts(wanted_scope text, parts integer) returns setof integer
language sql volatile set search_path = '' as $$
  select number
  from generate_series(0, parts - 1) number
  where not exists (
    select from public.admission_counters
    where scope = wanted_scope and part = number)
  order by random();
$$;

-- Uses the counter of a scope once; returns 0, or the seconds to wait if it is used up, and then changes
-- nothing. A burst of max_uses, then one more after each max_uses-th part of the window. It waits for other
-- transactions only if they hold all parts that have room.
create function private.take_admission(scope text, max_uses integer, window_seconds integer)
returns integer
language plpgsql set search_path = '' as $$
declare
  parts constant integer := least(16, max_uses);
  taken integer;
  is_made boolean := false;
  wait_seconds integer;
begin
  if max_uses < 1 or window_seconds < 1 then
    return greatest(window_seconds, 1);
  end if;
  loop
    begin
      select counter.part into strict taken from public.admission_counters counter
      where counter.scope = take_admission.scope and counter.part < parts
        and private.counter_has_room(counter.full_at, max_uses, window_seconds, parts, counter.part)
      order by random()
      limit 1
      for no key update skip locked;
      exit;
    exception when no_data_found then
      -- Rows that were used up meanwhile are unlocked again.
      null;
    end;
    -- Not one that a transaction is making, which may have to wait for a long time.
    for taken in select number from private.unused_parts(scope, parts) number loop
      if pg_try_advisory_xact_lock(hashtextextended(concat_ws(' ', 'admission', scope, taken), 0)) then
        insert into public.admission_counters (scope, part, full_at)
        values (take_admission.scope, taken, clock_timestamp())
        on conflict on constraint admission_counters_pkey do nothing;
        is_made := found;
        exit when is_made;
      end if;
    end loop;
    exit when is_made;
    begin
      select counter.part into strict taken from public.admission_counters counter
      where counter.scope = take_admission.scope and counter.part < parts
        and private.counter_has_room(counter.full_at, max_uses, window_seconds, parts, counter.part)
      -- All who wait lock rows that may be used up meanwhile: in one order.
      order by counter.part
      limit 1
      for no key update;
      exit;
    exception when no_data_found then
      null;
    end;
    select number into taken from private.unused_parts(scope, parts) number limit 1;
    if found then
      insert into public.admission_counters (scope, part, full_at)
      values (take_admission.scope, taken, clock_timestamp())
      on conflict on constraint admission_counters_pkey do nothing;
      exit when found;
      continue;
    end if;
    select ceil(extract(epoch from min(counter.full_at - clock_timestamp()
        - private.counter_cost(max_uses, window_seconds, parts, counter.part)
          * (max_uses / parts + (counter.part < max_uses % parts)::integer - 1))))
    into wait_seconds
    from public.admission_counters counter
    where counter.scope = take_admission.scope and counter.part < parts;
    return greatest(wait_seconds, 1);
  end loop;
  update public.admission_counters counter
  set full_at = greatest(counter.full_at, clock_timestamp())
    + private.counter_cost(max_uses, window_seconds, parts, counter.part)
  where counter.scope = take_admission.scope and counter.part = taken;
  return 0;
end
$$;

-- Deletes counters that nobody has used since they were full; the cleaner calls it. Prefixes are not kept
-- longer than their limits need.
create function private.delete_full_counters(row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  -- Once, because an index cannot find rows by a volatile function.
  full_before constant timestamptz := clock_timestamp();
  deleted integer;
begin
  delete from public.admission_counters
  where (scope, part) in (
    select scope, part from public.admission_counters
    where full_at < full_before
    order by full_at
    limit row_limit
    for no key update skip locked);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

revoke all on function
  private.counter_cost(integer, integer, integer, integer),
  private.counter_has_room(timestamptz, integer, integer, integer, integer),
  private.unused_parts(text, integer),
  private.take_admission(text, integer, integer),
  private.delete_full_counters(integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.counter_cost(integer, integer, integer, integer),
  private.counter_has_room(timestamptz, integer, integer, integer, integer),
  private.unused_parts(text, integer),
  private.take_admission(text, integer, integer),
  private.delete_full_counters(integer)
to service_role;
