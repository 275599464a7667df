-- How long the cleaner keeps rows, by its parts. An operator changes a period by SQL:
--   update public.retention_periods set kept = '90 days' where part = 'model_calls';
-- FABULA_DELETED_DAYS is the period of deleted_sessions: each run of /tasks/run writes it here, so that
-- pg_cron follows it too.
create table public.retention_periods (
  part text primary key,
  kept interval not null check (kept >= interval '0')
);

comment on table public.retention_periods is 'How long the cleaner keeps rows. Not readable over REST.';

alter table public.retention_periods enable row level security;

insert into public.retention_periods (part, kept) values
  ('deleted_sessions', '30 days'),
  -- Deleted accounts and their identities: the longest that a token of Supabase Auth can be valid.
  ('deleted_accounts', '7 days'),
  ('model_calls', '400 days'),
  ('plan_shares', '400 days'),
  ('deployment_usage', '400 days'),
  -- The longest that a call to the database can be on its way.
  ('withdrawn_calls', '1 day'),
  -- The longest that a client tries a request again under one key.
  ('idempotency_keys', '1 day'),
  -- Since their last use; it applies from their next use on.
  ('guests', '30 days'),
  -- Since their end; they apply to jobs that begin from now on.
  ('finished_jobs', '1 day'),
  ('story_tasks', '7 days'),
  -- Answers that the same request gets again.
  ('story_cache', '30 days');

-- The period of a part; a part without a row keeps its rows for ever.
create function private.retention_of(wanted_part text) returns interval
language sql stable parallel safe set search_path = '' as $$
  select coalesce((select kept from public.retention_periods where part = wanted_part), interval '1000 years');
$$;

-- Writes the days for which a deployment keeps deleted sessions.
create function private.keep_deleted_sessions(days numeric) returns void
language plpgsql set search_path = '' as $$
declare
  wanted constant interval := make_interval(secs => (greatest(days, 0) * 86400)::double precision);
begin
  update public.retention_periods set kept = wanted
  where part = 'deleted_sessions' and kept <> wanted;
end
$$;

revoke all on function
  private.retention_of(text),
  private.keep_deleted_sessions(numeric)
from public, anon, authenticated, service_role;
grant execute on function
  private.retention_of(text),
  private.keep_deleted_sessions(numeric)
to service_role;
