-- By which rule rows are kept in each table that does not go with its owner: each has a part of the cleaner,
-- or does not grow. tests/database/cleaning.test.ts compares it with the catalogue. `part` is null for tables
-- that do not grow, or that others empty.
create function private.retentions() returns table (table_name text, part text, rule text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('principals', 'expired_guests', 'guests: retention_periods, 30 days without use; deleted accounts until they are erased'),
    ('deleted_accounts', 'expired_guests', 'retention_periods: 7 days, the longest life of a token, and until everything is erased'),
    ('model_calls', 'model_calls', 'retention_periods: 400 days; nobody''s when the account is deleted'),
    ('idempotency_keys', 'idempotency_keys', 'retention_periods: 1 day, and no longer than the account'),
    ('plan_shares', 'plan_shares', 'retention_periods: 400 days, and no longer than the account'),
    ('withdrawn_calls', 'withdrawn_calls', 'retention_periods: 1 day'),
    ('stored_byte_changes', null, 'about 64 rows for each owner; goes with the owner'),
    ('admission_counters', 'full_counters', 'until the whole allowance is there again'),
    ('deployment_usage', 'deployment_usage', 'retention_periods: 400 days'),
    ('job_queues', null, 'one row for each owner and kind of open work; goes with the owner'),
    ('deleted_snapshots', null, 'until the tasks have deleted the file'),
    ('deleted_illustrations', null, 'until the tasks have deleted the file'),
    ('turn_ends', null, 'until they are counted, an hour at most'),
    ('model_call_changes', null, 'until they are counted, an hour at most'),
    ('turn_totals', null, 'at most 200 models'),
    ('duration_totals', null, 'a row for each kind and bucket'),
    ('model_call_totals', null, 'at most 200 models'),
    ('metrics_cache', null, 'one row'),
    ('cleaning_state', null, 'one row'),
    ('retention_periods', null, 'a row for each part of the cleaner that has a period'),
    ('plans', null, 'the operator''s')
  ) as kept (table_name, part, rule);
end;

revoke all on function private.retentions() from public, anon, authenticated, service_role;
grant execute on function private.retentions() to service_role;
