-- Calls the function tasks when there is work, from the database's own scheduler (pg_cron), if the database
-- can send requests. Elsewhere another scheduler calls it: the development server's timer, or Cloudflare's
-- cron trigger.

-- Posts to /tasks/run if a step is due; returns whether it has. Needs the extension pg_net, and two secrets
-- in Supabase's Vault: fabula_functions_url, such as https://x.supabase.co/functions/v1, and
-- fabula_secret_key. Without them it does nothing.
create function private.wake_functions() returns boolean
language plpgsql set search_path = '' as $$
declare
  -- The longest time that the function works: closing the connection earlier may end the function.
  timeout_ms constant integer := 60000;
  functions_url text;
  secret_key text;
begin
  if to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is null
    or to_regclass('vault.decrypted_secrets') is null
    or not (public.has_due_step('{}') ->> 'due')::boolean
  then
    return false;
  end if;
  -- Dynamic SQL, because both are parsed only where they exist.
  execute $query$
    select max(decrypted_secret) filter (where name = 'fabula_functions_url'),
      max(decrypted_secret) filter (where name = 'fabula_secret_key')
    from vault.decrypted_secrets
    where name in ('fabula_functions_url', 'fabula_secret_key')
  $query$ into functions_url, secret_key;
  if functions_url is null or secret_key is null then
    return false;
  end if;
  execute $call$
    select net.http_post(
      url := $1, body := '{}', headers := $2, timeout_milliseconds := $3)
  $call$ using
    rtrim(functions_url, '/') || '/tasks/run',
    jsonb_build_object('apikey', secret_key, 'content-type', 'application/json'),
    timeout_ms;
  return true;
end
$$;

revoke all on function private.wake_functions() from public, anon, authenticated, service_role;

do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_net') then
    create extension if not exists pg_net;
  end if;
exception when others then
  raise notice 'the function tasks is not called by pg_net: %', sqlerrm;
end
$$;

-- Runs every minute if the database has pg_cron; the development server uses a timer instead.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-run-tasks', '* * * * *',
      $job$select private.wake_functions()$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'the function tasks is not called by pg_cron: %', sqlerrm;
end
$$;
