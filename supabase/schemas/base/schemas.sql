-- REST does not expose this schema: functions for policies and engine functions, and bots' keys.
create schema private;

revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

-- Users read their own rows over REST, and cannot write: all writing goes through engine functions,
-- which only the edge may call; otherwise users could forge a model's reply.
grant usage on schema public to anon, authenticated, service_role;
