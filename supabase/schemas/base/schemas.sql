-- What REST does not expose: functions that policies and engine functions share, and bots' keys.
create schema private;

revoke all on schema private from public;
grant usage on schema private to authenticated, service_role;

-- Users read their own rows over REST and write nothing: all writing goes through engine functions,
-- which the edge alone may call, or anybody could forge a model's reply.
grant usage on schema public to anon, authenticated, service_role;
