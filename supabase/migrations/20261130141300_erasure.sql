-- An account that is deleted is marked, refused and invisible at once, and erased in batches.

alter table public.principals
  add column deleted_at timestamptz,
  add column auth_log_read_to uuid,
  add column is_auth_user boolean not null default false;
create index principals_to_erase on public.principals (deleted_at) where deleted_at is not null;

alter table public.model_calls alter column owner_id drop not null;

create index sessions_deleted on public.sessions (updated_at) where not is_active;
create index sessions_deleted_of_owner on public.sessions (owner_id) where not is_active;
create index plan_shares_by_month on public.plan_shares (month) where settled_at is not null;

drop trigger delete_model_calls on public.principals;
drop function private.delete_model_calls();

-- Makes rows of a deleted principal in the ledger nobody's, at most row_limit of them; returns their number.
-- The deployment's sums stay, and nothing leads from a row to a person: the ids that the row had are replaced
-- or removed. A second report of such a call makes a second row.
create function private.anonymise_model_calls(principal_id uuid, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  changed integer;
begin
  update public.model_calls
  set owner_id = null, source_id = gen_random_uuid(), place = 1, generation_id = null, job_id = null,
      step = null, project_id = null
  where model_call_id = any (array(
    select model_call_id from public.model_calls
    where owner_id = principal_id
    limit row_limit));
  get diagnostics changed = row_count;
  return changed;
end
$$;

create function private.anonymise_last_model_calls() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.anonymise_model_calls(old.id, null);
  return null;
end
$$;

revoke all on function
  private.anonymise_model_calls(uuid, integer),
  private.anonymise_last_model_calls()
from public, anon, authenticated, service_role;
grant execute on function private.anonymise_model_calls(uuid, integer) to service_role;

-- Runs after the cascades, which wait for turns that are ending.
create trigger anonymise_model_calls after delete on public.principals
  for each row execute function private.anonymise_last_model_calls();

-- The principal of the request's token, null without one. Policies use only this. A Supabase user's
-- id has a meaning only in tokens of this deployment's Supabase. A user is identified by the `sub`
-- of tokens without an issuer (the embedded Supabase writes none), with the issuer `supabase`, which
-- private.act_as sets, or from Supabase Auth, whose URL may change. Any other issuer that PostgREST
-- trusts may choose any ids for its users, including a Supabase user's, and never identifies one.
-- Only private.act_as identifies a guest, without an issuer. Security definer: callers may not read
-- principals themselves.
create or replace function private.current_principal() returns uuid
language plpgsql stable security definer set search_path = '' as $$
declare
  -- PostgREST sets the claims, the embedded Supabase the single settings too; after a transaction
  -- both are empty rather than unset.
  claims jsonb := coalesce(
    nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
  token_subject text := coalesce(
    claims ->> 'sub', nullif(current_setting('request.jwt.claim.sub', true), ''));
  token_issuer text := claims ->> 'iss';
  principal_id uuid;
begin
  if token_subject ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    select id into principal_id
    from public.principals
    where id = token_subject::uuid and suspended_at is null and deleted_at is null
      and case kind
        when 'user' then
          token_issuer is null or token_issuer = 'supabase' or token_issuer like '%/auth/v1'
        when 'guest' then token_issuer is null
        else false
      end;
  end if;
  if principal_id is null then
    select id into principal_id
    from public.principals
    where issuer = token_issuer and subject = token_subject and kind = 'external'
      and suspended_at is null and deleted_at is null;
  end if;
  return principal_id;
end
$$;

revoke all on function private.current_principal() from public, anon, authenticated, service_role;
grant execute on function private.current_principal() to authenticated;

-- The principal, who may have moved or be deleted; a row of nulls when there is none. Takes the same as
-- private.resolve_principal.
create or replace function private.find_principal(caller jsonb) returns public.principals
language plpgsql stable set search_path = '' as $$
declare
  principal public.principals;
begin
  case caller ->> 'kind'
    when 'user' then
      select * into principal from public.principals
      where id = private.read_id(caller, 'subject') and kind = 'user';
    when 'external' then
      select * into principal from public.principals
      where issuer = caller ->> 'issuer' and subject = caller ->> 'subject' and kind = 'external';
    when 'new_guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash';
    when 'guest' then
      select * into principal from public.principals
      where guest_token_hash = caller ->> 'token_hash' and expires_at > clock_timestamp();
    when 'named' then
      select * into principal from public.principals where id = private.read_id(caller, 'subject');
    else
      perform private.refuse(422, 'invalid_request',
        'principal.kind must be user, external, guest, new_guest or named.');
  end case;
  return principal;
end
$$;

-- Refuses callers whose account is deleted.
create function private.refuse_deleted_account() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(401, 'invalid_token',
    'This account has been deleted: sign up again, or go on without it as a new guest.');
end
$$;

-- Refuses principals that do not exist or are deleted, and guests who have moved.
create or replace function private.require_current(principal public.principals) returns void
language plpgsql set search_path = '' as $$
begin
  if principal.id is null then
    perform private.refuse(401, 'invalid_token',
      'This token is unknown or has expired: sign in again, or go on without it as a new guest.');
  end if;
  if principal.deleted_at is not null then
    perform private.refuse_deleted_account();
  end if;
  if principal.suspended_at is not null then
    perform private.refuse(403, 'account_suspended',
      'This account is suspended: ask the operator of this server.');
  end if;
  if principal.migrated_to is not null then
    perform private.refuse(401, 'invalid_token',
      'This guest has moved to an account: sign in to that account.');
  end if;
end
$$;

revoke all on function
  private.find_principal(jsonb),
  private.refuse_deleted_account(),
  private.require_current(public.principals)
from public, anon, authenticated, service_role;
grant execute on function
  private.find_principal(jsonb),
  private.refuse_deleted_account(),
  private.require_current(public.principals)
to service_role;

-- The principal's id; a new user or guest is stored first. Takes one of
--   {"kind": "user", "issuer", "subject"}
--   {"kind": "external", "issuer", "subject", "issued_at" of the token in seconds, if it has one}
--   {"kind": "guest" | "new_guest", "token_hash"}
--   {"kind": "named", "subject"}, the principal with this id, for a server that has the secret key; if there
--   is none, a user of Supabase Auth who has not called yet
-- Locks a guest until the transaction ends, so that migrate_guest also moves this transaction's rows.
create or replace function private.resolve_principal(caller jsonb) returns uuid
language plpgsql set search_path = '' as $$
declare
  guest_lifetime constant interval := '30 days';
  -- Being seen is written at most this often, so that a caller's turns do not wait for each other.
  seen_granularity constant interval := '1 hour';
  principal public.principals := private.find_principal(caller);
begin
  if principal.id is null and caller ->> 'kind' <> 'guest' then
    -- Two first calls at once may collide in any key of the same new row.
    insert into public.principals (id, kind, issuer, subject, guest_token_hash, expires_at)
    select new.id, new.kind, new.issuer, new.subject, new.guest_token_hash, new.expires_at
    from (
      select private.read_id(caller, 'subject') as id, 'user' as kind,
        caller ->> 'issuer' as issuer, private.read_id(caller, 'subject')::text as subject,
        null as guest_token_hash, null::timestamptz as expires_at
      where caller ->> 'kind' = 'user'
      union all
      select private.read_id(caller, 'subject'), 'user', 'supabase',
        private.read_id(caller, 'subject')::text, null, null
      where caller ->> 'kind' = 'named'
      union all
      select gen_random_uuid(), 'external', caller ->> 'issuer', caller ->> 'subject', null, null
      where caller ->> 'kind' = 'external'
      union all
      select gen_random_uuid(), 'guest', null, null, caller ->> 'token_hash',
        clock_timestamp() + guest_lifetime
      where caller ->> 'kind' = 'new_guest'
    ) new
    on conflict do nothing;
    -- Looked at after the row is there: a deletion at the same time has either seen the row or left
    -- its mark.
    if private.is_deleted(caller) then
      perform private.refuse_deleted_account();
    end if;
    principal := private.find_principal(caller);
  end if;
  perform private.require_current(principal);

  -- Before the lock below: two that hold it and then both wanted to write would wait for each other
  -- as soon as a migration waited for both.
  if principal.last_seen_at < clock_timestamp() - seen_granularity then
    update public.principals
    set last_seen_at = clock_timestamp(),
        expires_at = case when kind = 'guest' then clock_timestamp() + guest_lifetime end
    where id = principal.id and migrated_to is null
      and last_seen_at < clock_timestamp() - seen_granularity;
  end if;
  if principal.kind = 'guest' then
    select * into principal from public.principals where id = principal.id for share;
    perform private.require_current(principal);
  end if;
  return principal.id;
end
$$;

revoke all on function private.resolve_principal(jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.resolve_principal(jsonb) to service_role;

-- Refuses an unknown guest, without blaming the account's token.
create or replace function private.refuse_unknown_guest() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(403, 'forbidden',
    'The guest of guest_token is not known here, or no longer: there is nothing to move.');
end
$$;

-- Moves everything of a guest to an account: {principal, guest, body: {temp_user_id,
-- permanent_user_id}}. The edge has verified both; guest is {"kind": "guest", "token_hash"} or an
-- anonymous Supabase user, {"kind": "user", "issuer", "subject"}. Answers {message, already,
-- user_id, migrated}; calling again changes nothing and returns `already` true. Any fault of the
-- guest is 403: 401 would mean that the account's own token is invalid.
create or replace function public.migrate_guest(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  account_id uuid := private.resolve_principal(request -> 'principal');
  guest jsonb := request -> 'guest';
  guest_id uuid;
  principal public.principals;
  is_moved boolean;
  moved jsonb := '{"projects": 0, "sessions": 0, "messages": 0, "dossiers": 0}';
begin
  if request -> 'principal' ->> 'kind' not in ('user', 'external') then
    perform private.refuse(403, 'forbidden',
      'A guest cannot take over a guest: sign in, and send that token as the bearer.');
  end if;
  if guest ->> 'kind' is null or guest ->> 'kind' not in ('guest', 'user') then
    perform private.refuse(422, 'invalid_request', 'guest.kind must be guest or user.');
  end if;
  guest_id := (private.find_principal(guest)).id;
  if guest_id is null and guest ->> 'kind' = 'user' and not private.is_deleted(guest) then
    -- An anonymous user who has done nothing here has nothing to move, which is no fault.
    guest_id := private.resolve_principal(guest);
  end if;
  if guest_id is null then
    perform private.refuse_unknown_guest();
  end if;
  if private.read_id(request -> 'body', 'permanent_user_id') is distinct from account_id then
    perform private.refuse(403, 'forbidden',
      'permanent_user_id must be the id of the account whose token is sent.');
  end if;
  if private.read_id(request -> 'body', 'temp_user_id') is distinct from guest_id then
    perform private.refuse(403, 'forbidden',
      'temp_user_id must be the id of the guest whose token is sent.');
  end if;

  if guest_id <> account_id then
    -- Both, so that neither can go away, and migrations to one account come one after the other.
    perform from public.principals where id in (guest_id, account_id)
    order by id
    for no key update;
    select * into principal from public.principals where id = account_id;
    perform private.require_current(principal);
    select * into principal from public.principals where id = guest_id;
    if principal.id is null or principal.deleted_at is not null then
      perform private.refuse_unknown_guest();
    end if;
    if principal.suspended_at is not null then
      perform private.require_current(principal);
    end if;
    if principal.migrated_to <> account_id then
      perform private.refuse(403, 'forbidden',
        'This guest has moved to another account: sign in to that one.');
    end if;
    is_moved := principal.migrated_to is not null;
    if not is_moved then
      moved := private.move_belongings(guest_id, account_id);
      update public.principals
      set migrated_to = account_id, last_seen_at = clock_timestamp()
      where id = guest_id;
    end if;
  end if;

  return private.answer(jsonb_build_object(
    'message', case
      when is_moved is false then 'Everything of the guest belongs to the account now.'
      else 'Everything of the guest belongs to the account already.'
    end,
    'already', is_moved is distinct from false,
    'user_id', account_id,
    'migrated', moved));
end
$$;

revoke all on function
  private.refuse_unknown_guest(),
  public.migrate_guest(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.refuse_unknown_guest(),
  public.migrate_guest(jsonb)
to service_role;

-- Deletes a user of Supabase Auth, who then cannot sign in or refresh a token; Auth's own log is read
-- afterwards (erasure/erase_auth_log.sql). Does nothing without Supabase Auth. No large table is scanned:
-- rows are found by an index, or the table is small. Security definer: the tables belong to Auth, and only
-- the owner of the migrations may write to them.
create or replace function private.delete_auth_user(deleted_user_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  small_bytes constant bigint := 8388608;
  related record;
begin
  if to_regclass('auth.users') is null then
    return;
  end if;
  delete from auth.users where id = deleted_user_id;
  -- Rows without a foreign key: codes of unfinished sign-ins, and old refresh tokens.
  for related in
    select class.oid::regclass as name,
      -- The columns of an index by which the rows are found.
      (
        select array_to_string(found.columns, ' ')
        from pg_index
        cross join lateral (
          select array_agg(indexed.attname::text order by part.place) as columns
          from unnest(indkey::smallint[]) with ordinality as part (number, place)
          join pg_attribute indexed on indexed.attrelid = indrelid and indexed.attnum = part.number
          where part.place <= 2
        ) found
        where indrelid = class.oid and indpred is null
          and (found.columns[1] = 'user_id' or found.columns = '{instance_id,user_id}')
        order by found.columns[1] = 'user_id' desc
        limit 1
      ) as index_columns,
      pg_relation_size(class.oid) <= small_bytes as is_small
    from pg_attribute attribute
    join pg_class class on class.oid = attribute.attrelid
    where class.relnamespace = 'auth'::regnamespace and class.relkind in ('r', 'p')
      and attribute.attname = 'user_id' and not attribute.attisdropped
      and has_table_privilege(class.oid, 'select') and has_table_privilege(class.oid, 'delete')
  loop
    if related.index_columns like 'user_id%' or related.is_small then
      execute format('delete from %s where user_id = %L', related.name, deleted_user_id);
    elsif related.index_columns is not null then
      -- Auth has one instance, whose id consists of zeros.
      execute format(
        $delete$delete from %s
        where instance_id = '00000000-0000-0000-0000-000000000000' and user_id = %L$delete$,
        related.name, deleted_user_id);
    end if;
  end loop;
end
$$;

revoke all on function private.delete_auth_user(uuid) from public, anon, authenticated, service_role;
grant execute on function private.delete_auth_user(uuid) to service_role;

-- Whether a principal's rows are so few that one transaction may delete them. Stops to count as soon as
-- there are more. A session knows how many messages and replies it has had, a dossier how long its log is.
create function private.owns_at_most(principal_id uuid, row_limit integer) returns boolean
language plpgsql stable set search_path = '' as $$
declare
  -- Each counts rows of $1, and reads at most $2 + 1 of them.
  counts constant text[] := array[
    'select count(*) from (
       select from public.model_calls where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.plan_shares where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (select from public.bots where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (select from public.characters where owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(last_position), 0) from (
       select last_position from public.memory_logs where owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(head - log_start), 0) from (
       select head, log_start from public.dossiers where owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(message_count + last_epoch), 0) from (
       select message_count, last_epoch from public.sessions where owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.sessions session
       cross join lateral (
         select from public.message_revisions
         where session_id = session.session_id limit $2 + 1) revision
       where session.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.sessions session
       cross join lateral (
         select from public.conversation_events
         where session_id = session.session_id limit $2 + 1) event
       where session.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.sessions session
       cross join lateral (
         select job_id from public.jobs
         where session_id = session.session_id limit $2 + 1) job
       cross join lateral (
         select from public.job_steps where job_id = job.job_id limit $2 + 1) step
       where session.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.projects project
       cross join lateral (
         select job_id from public.jobs
         where project_id = project.project_id limit $2 + 1) job
       cross join lateral (
         select from public.job_steps where job_id = job.job_id limit $2 + 1) step
       where project.owner_id = $1 limit $2 + 1) owned',
    'select count(*) from (
       select from public.projects project
       cross join lateral (
         select job_id from public.jobs
         where project_id = project.project_id limit $2 + 1) job
       cross join lateral (
         select from public.story_events where job_id = job.job_id limit $2 + 1) event
       where project.owner_id = $1 limit $2 + 1) owned',
    'select count(*) + coalesce(sum(last_version), 0) from (
       select part.last_version from public.projects project
       cross join lateral (
         select last_version from public.story_parts
         where project_id = project.project_id limit $2 + 1) part
       where project.owner_id = $1 limit $2 + 1) owned'
  ];
  counting text;
  counted bigint;
  total bigint := 0;
begin
  foreach counting in array counts loop
    execute counting into counted using principal_id, row_limit;
    total := total + counted;
    if total > row_limit then
      return false;
    end if;
  end loop;
  return true;
end
$$;

revoke all on function private.owns_at_most(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.owns_at_most(uuid, integer) to service_role;

-- Deletes at most row_limit rows of a table whose column has one of these ids, and returns their number. The
-- column is the first of an index. The caller has locked what contains the rows.
create function private.delete_rows(
  of_table regclass, by_column text, ids anyarray, row_limit integer
) returns integer
language plpgsql set search_path = '' as $$
declare
  deleted integer;
begin
  if row_limit <= 0 or coalesce(cardinality(ids), 0) = 0 then
    return 0;
  end if;
  execute format(
    'delete from %1$s where ctid = any (array(select ctid from %1$s where %2$I = any ($1) limit $2))',
    of_table, by_column) using ids, row_limit;
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

-- The same for several tables, each as {table, column}, one after the other, until row_limit rows are
-- deleted.
create function private.delete_rows_of(
  tables text[][], ids uuid[], row_limit integer
) returns integer
language plpgsql set search_path = '' as $$
declare
  part text[];
  deleted integer := 0;
begin
  foreach part slice 1 in array tables loop
    deleted := deleted + private.delete_rows(part[1]::regclass, part[2], ids, row_limit - deleted);
    exit when deleted >= row_limit;
  end loop;
  return deleted;
end
$$;

revoke all on function
  private.delete_rows(regclass, text, anyarray, integer),
  private.delete_rows_of(text[][], uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.delete_rows(regclass, text, anyarray, integer),
  private.delete_rows_of(text[][], uuid[], integer)
to service_role;

-- Reads the next entries of Supabase Auth's own log, in the order of their ids, and deletes those that name
-- the deleted user or an anonymous user who had moved to the account: the log has no index by user. Returns
-- the number of entries that were read; fewer than row_limit: the whole log has been read. Security definer:
-- the table belongs to Auth.
create function private.erase_auth_log(principal_id uuid, row_limit integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  user_ids text[];
  read_ids uuid[];
begin
  if to_regclass('auth.audit_log_entries') is null
    or not has_table_privilege('auth.audit_log_entries', 'select')
    or not has_table_privilege('auth.audit_log_entries', 'delete')
  then
    return 0;
  end if;
  select array_agg(id::text) into user_ids
  from public.principals
  where kind = 'user' and (id = principal_id or migrated_to = principal_id);
  if user_ids is null then
    return 0;
  end if;
  read_ids := array(
    select entry.id from auth.audit_log_entries entry
    where entry.id > coalesce(
      (select auth_log_read_to from public.principals where id = principal_id),
      '00000000-0000-0000-0000-000000000000')
    order by entry.id
    limit row_limit);
  delete from auth.audit_log_entries entry
  where entry.id = any (read_ids) and exists (
    select from unnest(user_ids) as named (user_id)
    where strpos(entry.payload::text, named.user_id) > 0);
  update public.principals set auth_log_read_to = read_ids[cardinality(read_ids)]
  where id = principal_id and cardinality(read_ids) > 0;
  return cardinality(read_ids);
end
$$;

revoke all on function private.erase_auth_log(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_auth_log(uuid, integer) to service_role;

-- Ends at most row_limit open jobs of a deleted principal, so that no worker goes on for nobody; returns their
-- number.
create function private.end_jobs_of_deleted(principal_id uuid, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  job_ids uuid[];
  open_id uuid;
begin
  job_ids := array(
    select job_id from public.jobs
    where owner_id = principal_id and status in ('queued', 'running', 'paused')
    limit row_limit);
  perform from public.projects
  where project_id = any (array(select project_id from public.jobs where job_id = any (job_ids)))
  order by project_id
  for no key update;
  perform from public.sessions
  where session_id = any (array(select session_id from public.jobs where job_id = any (job_ids)))
  order by session_id
  for no key update;
  job_ids := array(
    select job_id from public.jobs where job_id = any (job_ids) order by job_id for no key update);
  perform from public.plan_shares
  where source_id = any (job_ids)
  order by source_id, month
  for no key update;
  foreach open_id in array job_ids loop
    perform private.drop_job(open_id);
  end loop;
  return cardinality(job_ids);
end
$$;

-- Deletes at most row_limit rows of jobs of these sessions and projects, which are locked; returns their
-- number.
create function private.erase_jobs(session_ids uuid[], project_ids uuid[], row_limit integer)
returns integer
language plpgsql set search_path = '' as $$
declare
  max_jobs constant integer := 100;
  parts constant text[][] := array[
    ['public.story_events', 'job_id'], ['public.story_drafts', 'job_id'],
    ['public.story_requests', 'job_id'], ['public.job_steps', 'job_id'], ['public.jobs', 'job_id']];
  job_ids uuid[];
begin
  job_ids := array(
    select job_id from public.jobs
    where job_id = any (array(
      select job_id from public.jobs
      where session_id = any (session_ids) or project_id = any (project_ids)
      limit least(max_jobs, row_limit)))
    order by job_id
    for no key update);
  perform from public.plan_shares
  where source_id = any (job_ids)
  order by source_id, month
  for no key update;
  return private.delete_rows_of(parts, job_ids, row_limit);
end
$$;

revoke all on function
  private.end_jobs_of_deleted(uuid, integer),
  private.erase_jobs(uuid[], uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.end_jobs_of_deleted(uuid, integer),
  private.erase_jobs(uuid[], uuid[], integer)
to service_role;

-- Deletes at most row_limit rows of these sessions, children before parents and the sessions last, and
-- returns their number; fewer than row_limit: the sessions are gone. The sessions are locked, and so is a
-- story's project. Findings in their messages (dossier_assertions, memory_entries) should be gone already,
-- because each is written to when its message is deleted.
create function private.erase_sessions(session_ids uuid[], row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  parts constant text[][] := array[
    ['public.live_connections', 'session_id'], ['public.live_sessions', 'session_id'],
    ['public.conversation_events', 'session_id'], ['public.message_revisions', 'session_id'],
    ['public.message_extractions', 'session_id'], ['public.session_summaries', 'session_id'],
    ['public.memory_readings', 'session_id'], ['public.story_parts', 'session_id']];
  deleted integer := 0;
  deleted_now integer;
  generation_ids uuid[];
  erased record;
begin
  loop
    deleted_now := private.erase_jobs(session_ids, '{}', row_limit - deleted);
    deleted := deleted + deleted_now;
    exit when deleted_now = 0 or deleted >= row_limit;
  end loop;
  deleted := deleted + private.delete_rows_of(parts, session_ids, row_limit - deleted);
  while deleted < row_limit loop
    generation_ids := array(
      select generation_id from public.generations
      where generation_id = any (array(
        select generation_id from public.generations
        where session_id = any (session_ids)
        limit row_limit - deleted))
      order by generation_id
      for no key update);
    exit when generation_ids = '{}';
    deleted := deleted + private.delete_rows_of(
      array[['public.generation_chunks', 'generation_id'], ['public.generations', 'generation_id']],
      generation_ids, row_limit - deleted);
  end loop;

  for erased in
    select session_id, owner_id from public.sessions where session_id = any (session_ids)
  loop
    exit when deleted >= row_limit;
    update public.sessions set active_leaf_id = null
    where session_id = erased.session_id and active_leaf_id is not null;
    -- A message comes after its parent.
    delete from public.messages
    where ctid = any (array(
      select ctid from public.messages
      where session_id = erased.session_id and owner_id = erased.owner_id
      order by position desc
      limit row_limit - deleted));
    get diagnostics deleted_now = row_count;
    deleted := deleted + deleted_now;
    exit when deleted >= row_limit;
    delete from public.sessions where session_id = erased.session_id;
    deleted := deleted + 1;
  end loop;
  return deleted;
end
$$;

revoke all on function private.erase_sessions(uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_sessions(uuid[], integer) to service_role;

-- Deletes at most row_limit rows of these projects and of their sessions, children before parents and the
-- projects last, and returns their number. The projects are locked.
create function private.erase_projects(project_ids uuid[], row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  max_sessions constant integer := 50;
  deleted integer := 0;
  deleted_now integer;
  session_ids uuid[];
  part_ids uuid[];
begin
  session_ids := array(
    select session_id from public.sessions
    where session_id = any (array(
      select session_id from public.sessions where project_id = any (project_ids) limit max_sessions))
    order by session_id
    for no key update);
  loop
    deleted_now := private.erase_jobs('{}', project_ids, row_limit - deleted);
    deleted := deleted + deleted_now;
    exit when deleted_now = 0 or deleted >= row_limit;
  end loop;
  perform from public.dossiers where project_id = any (project_ids) order by project_id for no key update;
  deleted := deleted + private.delete_rows_of(
    array[['public.dossier_assertions', 'project_id'], ['public.story_cache', 'project_id']],
    project_ids, row_limit - deleted);
  while deleted < row_limit loop
    part_ids := array(
      select part_id from public.story_parts
      where project_id = any (project_ids)
      order by kind = 'scene' desc
      limit row_limit - deleted);
    exit when part_ids = '{}';
    deleted := deleted + private.delete_rows_of(
      array[['public.story_illustrations', 'part_id'], ['public.story_versions', 'part_id'],
        ['public.story_parts', 'part_id']],
      part_ids, row_limit - deleted);
  end loop;
  if deleted < row_limit then
    deleted := deleted + private.erase_sessions(session_ids, row_limit - deleted);
  end if;
  if deleted < row_limit and cardinality(session_ids) < max_sessions then
    deleted := deleted + private.delete_rows(
      'public.projects', 'project_id', project_ids, row_limit - deleted);
  end if;
  return deleted;
end
$$;

revoke all on function private.erase_projects(uuid[], integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_projects(uuid[], integer) to service_role;

-- Deletes at most row_limit rows of a deleted principal's memories, and returns their number.
create function private.erase_memory_logs(principal_id uuid, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  max_logs constant integer := 100;
  log_ids uuid[];
begin
  log_ids := array(
    select memory_log_id from public.memory_logs
    where memory_log_id = any (array(
      select memory_log_id from public.memory_logs where owner_id = principal_id limit max_logs))
    order by memory_log_id
    for no key update);
  return private.delete_rows_of(
    array[['public.memory_entries', 'memory_log_id'], ['public.memories', 'memory_log_id'],
      ['public.memory_logs', 'memory_log_id']],
    log_ids, row_limit);
end
$$;

revoke all on function private.erase_memory_logs(uuid, integer)
from public, anon, authenticated, service_role;
grant execute on function private.erase_memory_logs(uuid, integer) to service_role;

-- Erases the rows of deleted accounts in batches: one call is one batch and one transaction, which is bounded
-- in rows and locks only the account's own ones. Background work calls it, without a principal, until nothing
-- is left.

-- Erases at most row_limit rows of a deleted principal, who is locked; false: nothing is left, the principal
-- neither. A batch deletes from one kind of container, because locks are taken in one order within a
-- transaction. Work and its files in Storage are planned for deletion by the tables' triggers.
create function private.erase_batch(principal_id uuid, row_limit integer) returns boolean
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
  if private.delete_rows('public.bots', 'owner_id', array[principal_id], row_limit) > 0
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

-- Erases one batch of one of the oldest deleted accounts; false: there is none that nobody else is erasing.
create function private.erase_next(row_limit integer) returns boolean
language plpgsql set search_path = '' as $$
declare
  -- An account whose rows are locked for long keeps no other one.
  max_candidates constant integer := 10;
  candidate_id uuid;
begin
  for candidate_id in
    select id from (
      select id from public.principals where deleted_at is not null
      order by deleted_at
      limit max_candidates
    ) oldest
    order by random()
  loop
    perform from public.principals
    where id = candidate_id and deleted_at is not null
    for no key update skip locked;
    if found then
      perform private.erase_batch(candidate_id, row_limit);
      return true;
    end if;
  end loop;
  return false;
end
$$;

-- Erases one batch: {limit?}, the number of rows; returns {left}, whether any deleted account is left.
-- Concurrent calls erase different accounts.
create function public.erase_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_limit constant integer := 1000;
  max_limit constant integer := 10000;
begin
  perform private.erase_next(least(greatest(
    coalesce((request ->> 'limit')::integer, default_limit), 1), max_limit));
  return jsonb_build_object('left', exists (
    select from public.principals where deleted_at is not null));
end
$$;

revoke all on function
  private.erase_batch(uuid, integer),
  private.erase_next(integer),
  public.erase_step(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.erase_batch(uuid, integer),
  private.erase_next(integer),
  public.erase_step(jsonb)
to service_role;

-- Deletes an account. It is refused from the moment of its deletion; a small one is erased at once, a larger
-- one in batches afterwards (erasure/erase_step.sql). A token that is still valid does not bring the account
-- back.

-- Marks a principal as deleted: nobody acts as it any more, nobody sees anything of it, its replies and its
-- work stop. The principal is locked for no key update, and so no transaction is adding rows of its own.
create function private.mark_deleted(principal_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  update public.principals
  set deleted_at = clock_timestamp(),
      -- A user of another issuer may begin anew under the same name.
      subject = case kind when 'external' then 'deleted ' || id else subject end
  where id = principal_id and deleted_at is null;
  update public.bots set is_public = false where owner_id = principal_id and is_public;
  update public.characters set visibility = 'private'
  where owner_id = principal_id and visibility = 'public';
  update public.generations set cancel_requested = true
  where generation_id = any (array(
    select generation.generation_id
    from public.sessions session
    cross join lateral (
      select generation_id from public.generations
      where session_id = session.session_id and status = 'streaming'
      limit 1
    ) generation
    where session.owner_id = principal_id
    order by generation.generation_id));
  delete from public.job_queues where owner_id = principal_id;
end
$$;

-- Deletes the caller and all of their data: {principal}. Answers 200 when everything is erased, also if that
-- has already happened, and 202 as long as something is left.
create or replace function public.delete_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- More rows than this are erased in batches.
  max_rows constant integer := 1000;
  caller jsonb := request -> 'principal';
  principal public.principals := private.find_principal(caller);
  principal_id uuid := principal.id;
  is_erased boolean := true;
begin
  -- A user without a row here may still want the account at Supabase Auth to be deleted.
  if principal_id is null and not private.is_deleted(caller) then
    principal_id := private.resolve_principal(caller);
  end if;
  select * into principal from public.principals where id = principal_id for no key update;
  if principal.deleted_at is not null then
    is_erased := false;
  elsif principal.id is not null then
    perform private.require_current(principal);
    insert into public.deleted_accounts (identity_hash)
    select private.identity_hash(caller)
    union
    select private.identity_hash(jsonb_build_object('kind', 'user', 'subject', id))
    from public.principals
    where kind = 'user' and (id = principal_id or migrated_to = principal_id)
    on conflict (identity_hash) do update set deleted_at = excluded.deleted_at;
    is_erased := private.owns_at_most(principal_id, max_rows);
    if is_erased then
      perform private.lock_belongings(principal_id);
    end if;
    perform private.mark_deleted(principal_id);
    perform private.delete_auth_user(id)
    from public.principals
    where kind = 'user' and (id = principal_id or migrated_to = principal_id);
    is_erased := is_erased and private.erase_auth_log(principal_id, max_rows) < max_rows;
    if is_erased then
      delete from public.principals where id = principal_id;
    end if;
  end if;
  if is_erased then
    return private.answer(
      '{"message": "Your account and everything in it has been deleted."}');
  end if;
  return private.answer(
    '{"message": "Your account is deleted, and everything in it is being erased."}', 202);
end
$$;

revoke all on function
  private.mark_deleted(uuid),
  public.delete_account(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.mark_deleted(uuid),
  public.delete_account(jsonb)
to service_role;

-- Deletes expired guests with all of their data, and old records of moved guests and deleted
-- accounts: {limit?}, the number of guests in one call; returns {deleted}, their number. The data of a guest
-- who has much is erased in batches afterwards, like a deleted account's. A part of the cleaner
-- (cleaning/clean.sql).
create or replace function public.delete_expired_guests(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  -- Bounds how long one call holds locks; a call an hour removes 12,000 a day.
  default_limit constant integer := 500;
  max_limit constant integer := 10000;
  -- More rows of one guest than this are erased in batches.
  max_rows constant integer := 1000;
  silence_limit constant interval := '60 seconds';
  -- An anonymous user's principal has no expiry of its own.
  moved_user_lifetime constant interval := '30 days';
  -- The longest that a token of Supabase Auth can be valid.
  longest_token_life constant interval := '7 days';
  guests_left integer := least(
    greatest(coalesce((request ->> 'limit')::integer, default_limit), 0), max_limit);
  guest_id uuid;
  deleted integer := 0;
begin
  for guest_id in
    select id from public.principals
    where kind = 'guest' and expires_at <= clock_timestamp() and deleted_at is null
      and not exists (
        select from public.generations
        where owner_id = id and status = 'streaming'
          and heartbeat_at > clock_timestamp() - silence_limit)
    order by expires_at
    limit guests_left
    for no key update skip locked
  loop
    if private.owns_at_most(guest_id, max_rows) then
      perform private.lock_belongings(guest_id);
      delete from public.principals where id = guest_id;
    else
      perform private.mark_deleted(guest_id);
    end if;
    deleted := deleted + 1;
  end loop;

  delete from public.principals
  where id = any (array(
    select id from public.principals
    where migrated_to is not null and kind = 'user'
      and last_seen_at < clock_timestamp() - moved_user_lifetime
    limit max_limit));
  delete from public.deleted_accounts
  where identity_hash = any (array(
    select identity_hash from public.deleted_accounts
    where deleted_at < clock_timestamp() - longest_token_life
    limit max_limit));
  return jsonb_build_object('deleted', deleted);
end
$$;

revoke all on function public.delete_expired_guests(jsonb)
from public, anon, authenticated, service_role;
grant execute on function public.delete_expired_guests(jsonb) to service_role;

-- The caller's deleted sessions: policies hide what is in them. Security definer: they are not readable.
create function private.deleted_sessions() returns uuid[]
language sql stable security definer set search_path = '' as $$
  select array(
    select session_id from public.sessions
    where owner_id = private.current_principal() and not is_active);
$$;

revoke all on function private.deleted_sessions() from public, anon, authenticated, service_role;
grant execute on function private.deleted_sessions() to authenticated;

drop trigger touch_updated_at on public.sessions;
create trigger touch_updated_at before update on public.sessions
  for each row when (old.owner_id = new.owner_id and (old.is_active or new.is_active))
  execute function private.touch_updated_at();

alter policy own_sessions_are_readable on public.sessions
  using (owner_id = (select private.current_principal()) and kind <> 'story' and is_active);

alter policy own_messages_are_readable on public.messages
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));

alter policy own_message_revisions_are_readable on public.message_revisions
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));

alter policy own_session_summaries_are_readable on public.session_summaries
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));

alter policy own_events_are_readable on public.conversation_events
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));

alter policy own_live_sessions_are_readable on public.live_sessions
  using (owner_id = (select private.current_principal())
    and session_id <> all (coalesce((select private.deleted_sessions()), '{}')));

-- A session that is being erased gets no snapshot any more.
create or replace function private.plan_snapshot_of_session() returns trigger
language plpgsql set search_path = '' as $$
begin
  if (old.is_active or new.is_active) and not exists (
    select from public.principals where id = new.owner_id and deleted_at is not null)
  then
    perform private.plan_snapshot(new);
  end if;
  return null;
end
$$;

-- Where the cleaner is on its way through all users (mark_removed_users.sql).
create table public.cleaning_state (
  is_the_only_row boolean primary key default true check (is_the_only_row),
  -- The last user who was compared with Supabase Auth; null between two rounds.
  users_read_to uuid,
  round_ended_at timestamptz not null default '-infinity'
);

comment on table public.cleaning_state is 'The cleaner''s own. Not readable over REST.';

alter table public.cleaning_state enable row level security;

insert into public.cleaning_state default values;

-- How long rows are kept in each table that does not go with its owner: each has a part of the cleaner, or
-- does not grow. tests/database/cleaning.test.ts compares it with the catalogue. `part` is null for tables
-- that do not grow, or that others empty.
create function private.retentions() returns table (table_name text, part text, rule text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('principals', 'expired_guests', 'guests: 30 days without use; deleted accounts until they are erased'),
    ('deleted_accounts', 'expired_guests', '7 days, the longest life of a token'),
    ('model_calls', 'model_calls', '400 days; nobody''s when the account is deleted'),
    ('plan_shares', 'plan_shares', '400 days, and no longer than the account'),
    ('withdrawn_calls', 'withdrawn_calls', '1 day'),
    ('admission_counters', 'full_counters', 'until the whole allowance is there again'),
    ('deployment_usage', 'deployment_usage', '400 days'),
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
    ('plans', null, 'the operator''s')
  ) as kept (table_name, part, rule);
end;

revoke all on function private.retentions() from public, anon, authenticated, service_role;
grant execute on function private.retentions() to service_role;

-- How many rows are due in each part of the cleaner, and how many files are to be deleted; counts stop at
-- 10,000.
create function private.cleaning_backlog() returns table (part text, due bigint)
language sql stable set search_path = '' as $$
  select counted.part, counted.due from (values
    ('deleted_sessions', (select count(*) from (
      select from public.sessions
      where not is_active and updated_at < clock_timestamp() - interval '30 days' limit 10000) due)),
    ('erasures', (select count(*) from (
      select from public.principals where deleted_at is not null limit 10000) due)),
    ('expired_guests', (select count(*) from (
      select from public.principals
      where kind = 'guest' and expires_at <= clock_timestamp() and deleted_at is null limit 10000) due)),
    ('full_counters', (select count(*) from (
      select from public.admission_counters where full_at < clock_timestamp() limit 10000) due)),
    ('files', (select count(*) from (
      select from public.deleted_snapshots where try_after <= clock_timestamp()
      union all
      select from public.deleted_illustrations where try_after <= clock_timestamp()
      limit 10000) due)),
    ('finished_jobs', (select count(*) from (
      select from public.jobs
      where finished_at < clock_timestamp() - interval '1 day'
        and finished_at + kept_for < clock_timestamp() limit 10000) due)),
    ('model_calls', (select count(*) from (
      select from public.model_calls
      where created_at < clock_timestamp() - interval '400 days' limit 10000) due)),
    ('plan_shares', (select count(*) from (
      select from public.plan_shares
      where month < current_date - interval '400 days' and settled_at is not null limit 10000) due))
  ) as counted (part, due);
$$;

revoke all on function private.cleaning_backlog() from public, anon, authenticated, service_role;
grant execute on function private.cleaning_backlog() to service_role;

-- Marks accounts as deleted whose user has been deleted at Supabase Auth, in its dashboard for example:
-- compares at most row_limit users, the next ones by id, and returns their number. A round through all users
-- begins at most every half hour. Only a user whom Auth once had can be missed there: a database may also
-- have users whose tokens come from elsewhere. Security definer: the users belong to Auth.
create function private.mark_removed_users(row_limit integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  pause constant interval := '30 minutes';
  state public.cleaning_state;
  user_ids uuid[];
  removed_id uuid;
begin
  if to_regclass('auth.users') is null or not has_table_privilege('auth.users', 'select') then
    return 0;
  end if;
  select * into state from public.cleaning_state for no key update skip locked;
  if not found or state.users_read_to is null and state.round_ended_at > clock_timestamp() - pause then
    return 0;
  end if;
  user_ids := array(
    select id from public.principals
    where id > coalesce(state.users_read_to, '00000000-0000-0000-0000-000000000000')
    order by id
    limit row_limit);
  if user_ids = '{}' then
    update public.cleaning_state set users_read_to = null, round_ended_at = clock_timestamp();
    return 0;
  end if;
  update public.cleaning_state set users_read_to = user_ids[cardinality(user_ids)];
  update public.principals
  set is_auth_user = true
  where id = any (array(
    select id from public.principals
    where id = any (user_ids) and kind = 'user' and not is_auth_user and exists (
      select from auth.users known where known.id = principals.id)
    order by id
    for no key update skip locked));
  for removed_id in
    select id from public.principals
    where id = any (user_ids) and is_auth_user and deleted_at is null
      and not exists (select from auth.users known where known.id = principals.id)
    order by id
    for no key update skip locked
  loop
    insert into public.deleted_accounts (identity_hash)
    values (private.identity_hash(jsonb_build_object('kind', 'user', 'subject', removed_id)))
    on conflict (identity_hash) do update set deleted_at = excluded.deleted_at;
    perform private.mark_deleted(removed_id);
  end loop;
  return cardinality(user_ids);
end
$$;

revoke all on function private.mark_removed_users(integer)
from public, anon, authenticated, service_role;
grant execute on function private.mark_removed_users(integer) to service_role;

-- One clean-up instead of one for each table.
do $$
begin
  if to_regclass('cron.job') is not null then
    if exists (select from cron.job where jobname = 'fabula-delete-expired-guests') then
      perform cron.unschedule('fabula-delete-expired-guests');
    end if;
    if exists (select from cron.job where jobname = 'fabula-delete-finished-jobs') then
      perform cron.unschedule('fabula-delete-finished-jobs');
    end if;
    if exists (select from cron.job where jobname = 'fabula-delete-old-model-calls') then
      perform cron.unschedule('fabula-delete-old-model-calls');
    end if;
  end if;
end
$$;

-- The cleaner: deletes what is due, in batches. pg_cron and background work call it, without a principal,
-- until nothing is left. Its parts and retentions are in private.retentions, its backlog in
-- private.cleaning_backlog.

-- Deletes at most row_limit rows of the oldest sessions that were deleted before this time, and returns their
-- number.
create function private.erase_deleted_sessions(deleted_before timestamptz, row_limit integer)
returns integer
language plpgsql set search_path = '' as $$
declare
  max_sessions constant integer := 20;
begin
  return private.erase_sessions(array(
    select session_id from public.sessions
    where session_id = any (array(
        select session_id from public.sessions
        where not is_active and updated_at < deleted_before
        order by updated_at
        limit max_sessions))
      and not is_active
    order by session_id
    for no key update skip locked), row_limit);
end
$$;

-- Cleans one part, and returns the number of its rows; 0: nothing is due.
create function private.clean_part(part text, limits jsonb, row_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  deleted_days constant numeric := greatest(coalesce((limits ->> 'deleted_days')::numeric, 30), 0);
  shares_kept constant interval := '400 days';
  usage_kept constant interval := '400 days';
  withdrawals_kept constant interval := '1 day';
  cleaned integer;
begin
  case part
    when 'deleted_sessions' then
      cleaned := private.erase_deleted_sessions(
        clock_timestamp() - make_interval(secs => (deleted_days * 86400)::double precision), row_limit);
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
        where month < current_date - shares_kept and settled_at is not null
        order by month
        limit row_limit
        for update skip locked));
      get diagnostics cleaned = row_count;
    when 'full_counters' then
      cleaned := private.delete_full_counters(row_limit);
    when 'deployment_usage' then
      delete from public.deployment_usage where day < current_date - usage_kept;
      get diagnostics cleaned = row_count;
    when 'withdrawn_calls' then
      delete from public.withdrawn_calls
      where ctid = any (array(
        select ctid from public.withdrawn_calls
        where created_at < clock_timestamp() - withdrawals_kept
        limit row_limit));
      get diagnostics cleaned = row_count;
  end case;
  return cleaned;
end
$$;

-- Cleans one batch of one part: {rows?, at most 10,000, and deleted_days?: how long deleted sessions are
-- kept}. Returns {left, part?, rows?}; with `left` another call is due. Each call has one part, because parts
-- lock rows in different orders, and begins with any part, so that none waits for all others.
create function private.clean(limits jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_rows constant integer := 1000;
  max_rows constant integer := 10000;
  row_limit constant integer := least(greatest(
    coalesce((limits ->> 'rows')::integer, default_rows), 1), max_rows);
  parts constant text[] := array['deleted_sessions', 'erasures', 'removed_users', 'expired_guests',
    'finished_jobs', 'model_calls', 'plan_shares', 'withdrawn_calls', 'full_counters', 'deployment_usage'];
  wanted_part text;
  cleaned integer;
begin
  for wanted_part in select name from unnest(parts) as named (name) order by random() loop
    begin
      cleaned := private.clean_part(wanted_part, limits, row_limit);
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

-- The same for callers over REST.
create function public.clean(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  return private.clean(request);
end
$$;

revoke all on function
  private.erase_deleted_sessions(timestamptz, integer),
  private.clean_part(text, jsonb, integer),
  private.clean(jsonb),
  public.clean(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.erase_deleted_sessions(timestamptz, integer),
  private.clean_part(text, jsonb, integer),
  private.clean(jsonb),
  public.clean(jsonb)
to service_role;

-- Runs every minute if the database has pg_cron; the development server uses a timer instead. Each batch is a
-- transaction.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-clean', '* * * * *', $job$
      do $batches$
      begin
        for batch in 1..100 loop
          exit when not (private.clean('{}') ->> 'left')::boolean;
          commit;
        end loop;
      end
      $batches$
    $job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'nothing is cleaned by pg_cron: %', sqlerrm;
end
$$;

-- The metrics from the current totals and rows. Kinds and statuses without rows are left out of a metric;
-- kinds of principals are always listed. Ended jobs are counted for a day.
create or replace function private.metrics_text() returns text
language plpgsql set search_path = '' as $$
begin
  return private.metric(
    'fabula_turns_total', 'counter', 'Turns that have ended.', (
      select string_agg(
        private.metric_sample(
          'fabula_turns_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          turns),
        '' order by kind, provider, model, status)
      from public.turn_totals))
  || private.metric(
    'fabula_tokens_total', 'counter',
    'Tokens of calls to models; output is estimated where the provider tells none.', (
      select string_agg(
        private.metric_sample(
          'fabula_tokens_total',
          private.metric_labels(
            'kind', used.kind, 'provider', used.provider, 'model', used.model,
            'direction', counted.direction),
          counted.tokens),
        '' order by used.kind, used.provider, used.model, counted.direction)
      from (
        select kind, provider, model,
          sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
        from public.model_call_totals
        group by kind, provider, model
      ) used
      cross join lateral (
        values ('input', used.input_tokens), ('output', used.output_tokens)
      ) counted (direction, tokens)))
  || private.metric(
    'fabula_model_calls_total', 'counter', 'Calls to models, of turns and of work after them.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_calls_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          calls),
        '' order by kind, provider, model, status)
      from public.model_call_totals))
  || private.metric(
    'fabula_model_cost_usd_total', 'counter', 'What providers say that calls have cost, in US dollars.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_cost_usd_total',
          private.metric_labels('kind', kind, 'provider', provider, 'model', model),
          cost_usd),
        '' order by kind, provider, model)
      from (
        select kind, provider, model, sum(cost_usd) as cost_usd
        from public.model_call_totals
        group by kind, provider, model
        having sum(cost_usd) > 0
      ) told))
  || private.metric(
    'fabula_saves_total', 'counter', 'Saves with new text, of turns that have ended.',
    private.metric_sample('fabula_saves_total', '', (
      select coalesce(sum(saves), 0) from public.turn_totals)))
  || private.metric(
    'fabula_rate_limited_total', 'counter', 'Turns that were refused by a rate limit.',
    private.metric_sample('fabula_rate_limited_total', '', (
      select case when is_called then last_value else 0 end from private.rate_limited)))
  || private.metric(
    'fabula_generations_running', 'gauge', 'Replies that are being written.', (
      select string_agg(
        private.metric_sample(
          'fabula_generations_running', private.metric_labels('kind', kind), generations),
        '' order by kind)
      from (
        select session.kind, count(*) as generations
        from public.generations generation
        join public.sessions session on session.session_id = generation.session_id
        where generation.status = 'streaming'
        group by session.kind
      ) running))
  || private.duration_histogram(
    'fabula_first_token_seconds', 'Time from the start of a turn to its first token.',
    'first_token')
  || private.duration_histogram(
    'fabula_turn_duration_seconds', 'Time from the start of a turn to its end.', 'latency')
  || private.metric(
    'fabula_principals', 'gauge', 'Users, and guests whose time is not over.', (
      select string_agg(
        private.metric_sample(
          'fabula_principals', private.metric_labels('kind', known.kind), known.principals),
        '' order by known.kind)
      from (
        select kinds.kind, count(principal.id) as principals
        from unnest('{external,guest,user}'::text[]) kinds (kind)
        left join public.principals principal
          on principal.kind = kinds.kind and principal.migrated_to is null
          and principal.deleted_at is null
          and (principal.expires_at is null or principal.expires_at > clock_timestamp())
        group by kinds.kind
      ) known))
  || private.metric(
    'fabula_background_tasks', 'gauge', 'Work after turns; what has ended is kept for a while.', (
      select string_agg(
        private.metric_sample(
          'fabula_background_tasks',
          private.metric_labels('kind', kind, 'status', status),
          tasks),
        '' order by kind, status)
      from (
        select kind, status, count(*) as tasks
        from public.jobs
        where finished_at is null or finished_at > clock_timestamp() - interval '1 day'
        group by kind, status
      ) kept))
  || private.metric(
    'fabula_cleaning_backlog', 'gauge', 'Rows and files that are due to be deleted, 10,000 at most.', (
      select string_agg(
        private.metric_sample(
          'fabula_cleaning_backlog', private.metric_labels('part', backlog.part), backlog.due),
        '' order by backlog.part)
      from private.cleaning_backlog() backlog));
end
$$;

revoke all on function private.metrics_text() from public, anon, authenticated, service_role;
grant execute on function private.metrics_text() to service_role;

select private.align_grants_with_policies();
