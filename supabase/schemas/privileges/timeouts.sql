-- No statement runs longer than its caller waits: the edge's calls time out after 15 seconds
-- (kDatabase in wasm/engine/deadlines.hpp). PostgREST adopts these settings with the role. Short
-- waits for locks are a setting of each function: one locked principal delays only itself.
do $$
begin
  alter role service_role set statement_timeout = '10s';
  alter role authenticated set statement_timeout = '8s';
  alter role anon set statement_timeout = '3s';
exception when insufficient_privilege then
  -- Where roles are another's, their owner sets it.
  raise notice 'statement time-outs of roles are left as they are: %', sqlerrm;
end
$$;
