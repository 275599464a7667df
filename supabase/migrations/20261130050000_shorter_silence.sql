-- A writer that has died is noticed a second earlier, so that those who follow its reply are told within 15.

-- When the writer of a streaming generation is taken for dead, in milliseconds from now; 0: it is.
-- Only the database's clock decides: heartbeats are written with it, and no other clock's time is compared
-- with it. A live writer sends one at least every 5 seconds, and one that was only slow may reopen its reply.
-- The limit leaves a second of the 15 within which those who follow a reply are told that its writer has died.
create or replace function private.silent_in_ms(generation public.generations) returns integer
language plpgsql set search_path = '' as $$
declare
  silence_limit_ms constant integer := 14000;
begin
  -- No more than an integer holds, whatever the row says.
  return greatest(least(
    ceil(1000 * extract(epoch from generation.heartbeat_at - clock_timestamp())) + silence_limit_ms,
    2147483647), 0)::integer;
end
$$;
