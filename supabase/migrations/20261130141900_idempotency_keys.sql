-- Keys of requests that make something: a request that is repeated makes nothing. Like the schema files.

-- Requests with an Idempotency-Key that have made something, other than turns and stories' tasks, which keep
-- their own. It has ids of what was made, and none of its contents: a repeated request reads them anew.
create table public.idempotency_keys (
  owner_id uuid not null references public.principals (id) on delete cascade,
  idempotency_key text not null check (char_length(idempotency_key) between 1 and 255),
  -- SHA-256 of the operation and its request, as hexadecimal digits.
  request_hash text not null check (char_length(request_hash) between 1 and 128),
  function_name text not null check (char_length(function_name) between 1 and 63),
  -- {read: the request for reading what was made, status, status_url?}.
  made jsonb not null check (jsonb_typeof(made) = 'object'),
  created_at timestamptz not null default now(),
  primary key (owner_id, idempotency_key)
);

comment on table public.idempotency_keys is 'Names of requests, for a day. Not readable over REST.';

-- The oldest ones, for the cleaner.
create index idempotency_keys_by_age on public.idempotency_keys (created_at);

alter table public.idempotency_keys enable row level security;

-- The functions that make something and may be called by answer_once: the function that reads what was made,
-- and the members of its request, from the first answer or the first request. `members` are those of the
-- first answer, if the reader's has others too.
create function private.made_things() returns table (
  function_name text, reader text, ids text[], members text[])
language sql immutable parallel safe
begin atomic
  select * from (values
    ('create_project', 'read_project', array['project_id'], null::text[]),
    ('save_bot', 'read_bot', array['bot_id'], null),
    ('save_character', 'read_character', array['companion_id=character_id'], null),
    ('start_conversation', 'read_conversation', array['conversation_id=id'], null),
    ('start_import', 'read_import', array['project_id', 'task_id'], null),
    ('insert_scene', 'read_scene', array['project_id', 'scene_id'], null),
    ('begin_story_illustrations', 'read_story_task', array['task_id'],
      array['task_id', 'project_id', 'status', 'message'])
  ) as known (function_name, reader, ids, members);
end;

revoke all on function private.made_things() from public, anon, authenticated, service_role;
grant execute on function private.made_things() to service_role;

-- Answers a repeated request with the thing that the first one has made: {read: the reader's request, status,
-- status_url}. It is read anew, so that a repeated request tells its present state, or 404 when it has been deleted.
create function private.answer_again(known public.idempotency_keys, caller jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  thing record;
  answer jsonb;
begin
  select * into thing from private.made_things() where function_name = known.function_name;
  execute format('select public.%I($1)', thing.reader)
  into answer using known.made -> 'read' || jsonb_build_object('principal', caller);
  if thing.members is not null then
    answer := jsonb_set(answer, '{body}', (
      select jsonb_object_agg(key, value) from jsonb_each(answer -> 'body') where key = any (thing.members)));
  end if;
  if known.made ? 'status_url' then
    answer := jsonb_set(answer, '{body,status_url}', known.made -> 'status_url');
  end if;
  return answer || jsonb_build_object('status', known.made -> 'status', 'is_replayed', true);
end
$$;

-- Calls one of private.made_things once for a key: {function, idempotency_key, request_hash, request: the
-- function's own}. A request that is repeated with the same key makes nothing. Concurrent ones wait for the
-- first, by an advisory lock before all other locks; if it is refused, the next one is the first.
create function public.answer_once(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  asked constant jsonb := request -> 'request';
  caller constant jsonb := asked -> 'principal';
  key constant text := request ->> 'idempotency_key';
  thing record;
  known public.idempotency_keys;
  answer jsonb;
begin
  select * into thing from private.made_things() where function_name = request ->> 'function';
  if not found then
    perform private.refuse(422, 'invalid_request', 'This function takes no idempotency key.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended(
    concat_ws(' ', 'idempotency', private.identity_hash(caller), key), 0));
  select * into known from public.idempotency_keys
  where owner_id = (private.find_principal(caller)).id and idempotency_key = key;
  if found and known.request_hash <> request ->> 'request_hash' then
    perform private.refuse(422, 'idempotency_key_reused',
      'This idempotency key has named another request: send this one under a new key.');
  end if;
  if known.owner_id is not null then
    return private.answer_again(known, caller);
  end if;
  execute format('select public.%I($1)', thing.function_name) into answer using asked;
  insert into public.idempotency_keys (owner_id, idempotency_key, request_hash, function_name, made)
  values ((private.find_principal(caller)).id, key, request ->> 'request_hash', thing.function_name,
    jsonb_strip_nulls(jsonb_build_object(
      'read', (
        select jsonb_object_agg(
          split_part(id, '=', 1),
          (asked || (answer -> 'body')) -> split_part(id, '=', case when id like '%=%' then 2 else 1 end))
        from unnest(thing.ids) id),
      'status', answer -> 'status',
      'status_url', answer #> '{body,status_url}')));
  return answer;
end
$$;

revoke all on function
  private.answer_again(public.idempotency_keys, jsonb),
  public.answer_once(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.answer_again(public.idempotency_keys, jsonb),
  public.answer_once(jsonb)
to service_role;

insert into public.retention_periods (part, kept) values ('idempotency_keys', '1 day');

create or replace function private.clean_part(part text, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  kept_from constant timestamptz := clock_timestamp() - private.retention_of(part);
  cleaned integer;
begin
  case part
    when 'deleted_sessions' then
      cleaned := private.erase_deleted_sessions(kept_from, row_limit);
    when 'erasures' then
      cleaned := private.erase_next(row_limit)::integer;
    when 'removed_users' then
      cleaned := private.mark_removed_users(row_limit);
    when 'expired_guests' then
      -- Each may have as many rows as one batch.
      cleaned := (public.delete_expired_guests(jsonb_build_object(
        'limit', greatest(row_limit / 100, 1))) ->> 'deleted')::integer;
    when 'finished_jobs' then
      cleaned := (public.delete_finished_jobs(jsonb_build_object('limit', row_limit))
        ->> 'deleted')::integer;
    when 'model_calls' then
      cleaned := (public.delete_old_model_calls(jsonb_build_object('limit', row_limit))
        ->> 'deleted')::integer;
    when 'plan_shares' then
      delete from public.plan_shares
      where ctid = any (array(
        select ctid from public.plan_shares
        where month < kept_from and settled_at is not null
        order by month
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
    when 'full_counters' then
      cleaned := private.delete_full_counters(row_limit);
    when 'deployment_usage' then
      delete from public.deployment_usage where day < kept_from;
      get diagnostics cleaned = row_count;
    when 'withdrawn_calls' then
      delete from public.withdrawn_calls
      where ctid = any (array(
        select ctid from public.withdrawn_calls
        where created_at < kept_from
        limit row_limit));
      get diagnostics cleaned = row_count;
    when 'idempotency_keys' then
      delete from public.idempotency_keys
      where ctid = any (array(
        select ctid from public.idempotency_keys
        where created_at < kept_from
        order by created_at
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
  end case;
  return cleaned;
end
$$;

create or replace function private.clean(limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_rows constant integer := 1000;
  max_rows constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((limits ->> 'rows')::integer, default_rows), 1), max_rows);
  parts constant text[] := array['deleted_sessions', 'erasures', 'removed_users', 'expired_guests',
    'finished_jobs', 'model_calls', 'plan_shares', 'withdrawn_calls', 'full_counters', 'deployment_usage',
    'idempotency_keys'];
  wanted_part text;
  cleaned integer;
begin
  if limits ->> 'deleted_days' is not null then
    perform private.keep_deleted_sessions((limits ->> 'deleted_days')::numeric);
  end if;
  for wanted_part in select name from unnest(parts) as named (name) order by random() loop
    begin
      cleaned := private.clean_part(wanted_part, row_limit);
    exception when lock_not_available then
      -- Somebody works on these rows: their turn comes in a later call.
      cleaned := 0;
    end;
    if cleaned > 0 then
      return jsonb_build_object('left', true, 'part', wanted_part, 'rows', cleaned);
    end if;
  end loop;
  return '{"left": false}';
end
$$;

create or replace function private.cleaning_backlog() returns table (part text, due bigint)
language sql stable set search_path = '' as $$
  select counted.part, counted.due from (values
    ('deleted_sessions', (select count(*) from (
      select from public.sessions
      where not is_active and updated_at < now() - private.retention_of('deleted_sessions')
      limit 10000) due)),
    ('erasures', (select count(*) from (
      select from public.principals where deleted_at is not null limit 10000) due)),
    ('expired_guests', (select count(*) from (
      select from public.principals
      where kind = 'guest' and expires_at <= now() and deleted_at is null limit 10000) due)),
    ('full_counters', (select count(*) from (
      select from public.admission_counters where full_at < now() limit 10000) due)),
    ('files', (select count(*) from (
      select from public.deleted_snapshots where try_after <= now()
      union all
      select from public.deleted_illustrations where try_after <= now()
      limit 10000) due)),
    ('finished_jobs', (select count(*) from (
      select from public.jobs
      where finished_at < now() - interval '1 day' and finished_at + kept_for < now() limit 10000) due)),
    ('idempotency_keys', (select count(*) from (
      select from public.idempotency_keys
      where created_at < now() - private.retention_of('idempotency_keys') limit 10000) due)),
    ('model_calls', (select count(*) from (
      select from public.model_calls
      where created_at < now() - private.retention_of('model_calls') limit 10000) due)),
    ('plan_shares', (select count(*) from (
      select from public.plan_shares
      where month < now() - private.retention_of('plan_shares') and settled_at is not null
      limit 10000) due))
  ) as counted (part, due);
$$;

create or replace function private.retentions() returns table (table_name text, part text, rule text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('principals', 'expired_guests', 'guests: 30 days without use; deleted accounts until they are erased'),
    ('deleted_accounts', 'expired_guests', 'retention_periods: 7 days, the longest life of a token, and until everything is erased'),
    ('model_calls', 'model_calls', 'retention_periods: 400 days; nobody''s when the account is deleted'),
    ('idempotency_keys', 'idempotency_keys', 'retention_periods: 1 day, and no longer than the account'),
    ('plan_shares', 'plan_shares', 'retention_periods: 400 days, and no longer than the account'),
    ('withdrawn_calls', 'withdrawn_calls', 'retention_periods: 1 day'),
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

create or replace function private.erase_batch(principal_id uuid, row_limit integer) returns boolean
language plpgsql set search_path = '' as $$
declare
  max_projects constant integer := 20;
  max_sessions constant integer := 50;
  -- Each job has unfinished steps, and a share.
  max_jobs constant integer := 50;
  container_ids uuid[];
begin
  if private.end_jobs_of_deleted(principal_id, least(max_jobs, row_limit)) > 0
    or private.anonymise_model_calls(principal_id, row_limit) > 0
    or private.delete_rows('public.plan_shares', 'owner_id', array[principal_id], row_limit) > 0
    or private.erase_memory_logs(principal_id, row_limit) > 0
  then
    return true;
  end if;
  container_ids := array(
    select project_id from public.projects
    where project_id = any (array(
      select project_id from public.projects where owner_id = principal_id limit max_projects))
    order by project_id
    for no key update);
  if container_ids <> '{}' then
    perform private.erase_projects(container_ids, row_limit);
    return true;
  end if;
  container_ids := array(
    select session_id from public.sessions
    where session_id = any (array(
      select session_id from public.sessions where owner_id = principal_id limit max_sessions))
    order by session_id
    for no key update);
  if container_ids <> '{}' then
    perform private.erase_sessions(container_ids, row_limit);
    return true;
  end if;
  if private.delete_rows('public.idempotency_keys', 'owner_id', array[principal_id], row_limit) > 0
    or private.delete_rows('public.bots', 'owner_id', array[principal_id], row_limit) > 0
    or private.delete_rows('public.characters', 'owner_id', array[principal_id], row_limit) > 0
    or private.erase_auth_log(principal_id, row_limit) >= row_limit
  then
    return true;
  end if;
  -- The rest is a few rows, and what transactions have added that began before the deletion.
  perform private.lock_belongings(principal_id);
  delete from public.principals where id = principal_id;
  return false;
end
$$;

create or replace function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (
      select count(*) from public.sessions where owner_id = guest_id and kind <> 'story'),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id and session.kind <> 'story'),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  with moving as (
    delete from public.idempotency_keys where owner_id = guest_id returning *
  )
  insert into public.idempotency_keys
    (owner_id, idempotency_key, request_hash, function_name, made, created_at)
  select account_id, idempotency_key, request_hash, function_name, made, created_at from moving
  on conflict do nothing;
  update public.characters set owner_id = account_id where owner_id = guest_id;
  perform private.move_memory_logs(guest_id, account_id);
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  perform private.move_plan(guest_id, account_id);
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

create or replace function private.not_exported() returns table (table_name text, reason text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('generations', 'how replies were made; what concerns their owner is in the messages'),
    ('generation_chunks', 'the text of running replies'),
    ('message_extractions', 'how far a dossier has been read'),
    ('memory_logs', 'how far a memory has been made'),
    ('memory_readings', 'how far a memory has been read'),
    ('story_drafts', 'the text of running steps'),
    ('story_events', 'the progress of tasks, for a week'),
    ('story_requests', 'names of repeated requests'),
    ('idempotency_keys', 'names of repeated requests, for a day'),
    ('live_connections', 'connections, while they last'),
    ('job_queues', 'the order of work'),
    ('rate_limits', 'counters of requests'),
    ('plan_shares', 'sums of the model calls'),
    ('bot_keys', 'secrets, which nobody can read')
  ) as kept (table_name, reason);
end;

select private.align_grants_with_policies();
