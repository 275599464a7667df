-- Reading a dossier's log as a whole and in part, changing it on the version that one has seen, and
-- forgetting it.
--
-- Locks are taken in the order principal, project, session, generation, task, dossier: a session's path
-- that moves, and work that is stored, write to the dossier of a session that is locked.

alter table public.dossiers
  -- Entries up to here have been removed: the log begins after it, and the empty dossier is this
  -- version. The snapshot of whoever still folds older ones is not taken.
  add column log_start bigint not null default 0,
  -- What prompts are told of the snapshot, as the core made it: {text, fact_ids}; {} when it has not.
  add column facts_json jsonb not null default '{}' check (jsonb_typeof(facts_json) = 'object'),
  add constraint logs_begin_before_they_end check (log_start between 0 and folded_to);

-- Whether it is the last of those that were added together: its position is a version that the dossier
-- has been in.
alter table public.dossier_assertions add column is_version boolean not null default true;

-- The versions of a dossier, newest first.
create index dossier_versions on public.dossier_assertions (project_id, position) where is_version;

-- Refuses what readers could not be given as a dossier.
create or replace function private.check_snapshot(snapshot jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Many times the dossier of a long novel; with a page of the log it is still one answer.
  max_snapshot_bytes constant integer := 2097152;
  list text;
begin
  foreach list in array array[
    'characters', 'themes', 'locations', 'plot_points', 'objects', 'open_questions']
  loop
    if jsonb_typeof(snapshot -> list) is distinct from 'array' then
      perform private.refuse(422, 'invalid_request',
        format('snapshot must be an object whose %s is an array.', list));
    end if;
  end loop;
  if octet_length(snapshot::text) > max_snapshot_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'snapshot may have %s bytes: leave it out, the assertions are stored without it.',
      max_snapshot_bytes));
  end if;
end
$$;

-- Refuses what cannot be kept for prompts.
create function private.check_facts(facts jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_facts_bytes constant integer := 262144;
begin
  if jsonb_typeof(facts) <> 'object' then
    perform private.refuse(422, 'invalid_request', 'facts must be an object.');
  end if;
  if octet_length(facts::text) > max_facts_bytes then
    perform private.refuse(413, 'body_too_large', format(
      'facts may have %s bytes: a prompt takes less than that.', max_facts_bytes));
  end if;
end
$$;

-- The log after a position, in its order, up to another one if it is given. At most so many entries
-- and, after the first, bytes: the last one's position is the one to ask on from.
drop function private.read_log(uuid, bigint);
create function private.read_log(
  wanted_project_id uuid, after_position bigint, until_position bigint default null,
  max_entries integer default 1000, max_bytes integer default 1048576
) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'assertion_id', entry.assertion_id,
      'kind', entry.kind,
      'body', entry.body,
      'message_id', entry.message_id,
      'position', entry.position)
    order by entry.position), '[]')
  from (
    select logged.*,
      row_number() over (order by logged.position) as place,
      sum(octet_length(logged.body::text)) over (order by logged.position) as bytes_so_far
    from (
      select * from public.dossier_assertions
      where project_id = wanted_project_id and position > after_position
        and position <= coalesce(until_position, 9223372036854775807)
      order by position
      limit max_entries
    ) logged
  ) entry
  where entry.bytes_so_far <= max_bytes or entry.place = 1
);

create function private.refuse_dossier() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such dossier: use the id of a project of yours.');
end
$$;

-- A position of a log that a request names; null where it does not.
create function private.read_position(request jsonb, key text) returns bigint
language plpgsql immutable set search_path = '' as $$
declare
  sent constant text := request ->> key;
begin
  if sent !~ '^[0-9]{1,18}$' then
    perform private.refuse(422, 'invalid_request',
      format('%s must be a version: a position of the log.', key));
  end if;
  return sent::bigint;
end
$$;

-- What commit_assertions does, without asking who calls: principal_id is whose the dossier must be, or
-- null.
create function private.store_assertions(
  wanted_id uuid, request jsonb, principal_id uuid
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  assertions jsonb := request -> 'assertions';
  snapshot jsonb := nullif(request -> 'snapshot', 'null');
  facts jsonb := coalesce(nullif(request -> 'facts', 'null'), '{}');
  base bigint := private.read_position(request, 'base');
  dossier record;
  is_base_the_head boolean;
  added integer;
  is_known boolean;
  odd_id text;
begin
  perform private.check_assertions(assertions);
  if snapshot is not null then
    perform private.check_snapshot(snapshot);
    perform private.check_facts(facts);
  end if;
  if base is null then
    perform private.refuse(422, 'invalid_request',
      'base must be the position of the log that the snapshot was computed from.');
  end if;

  -- From here on one writer at a time. The snapshot is not read.
  select head, folded_to, log_start, owner_id into dossier
  from public.dossiers
  where project_id = wanted_id and owner_id = coalesce(principal_id, owner_id)
  for no key update;
  if not found then
    perform private.refuse_dossier();
  end if;
  if base > dossier.head then
    perform private.refuse(422, 'invalid_request', format(
      'base is beyond %s, where the log ends: read the dossier again.', dossier.head));
  end if;
  -- A call that is repeated because its answer was lost has itself moved the head.
  select coalesce(bool_and(known.is_known is not null), false) into is_known
  from jsonb_to_recordset(assertions) as sent (assertion_id text)
  left join lateral (
    select true as is_known from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known on true;
  if not is_known then
    perform private.check_version(request ->> 'if_match', dossier.head::text);
  end if;

  -- Limits, here and below, keep the planner from reading the whole project: each is looked up.
  select sent.message_id into odd_id
  from jsonb_to_recordset(assertions) as sent (message_id uuid)
  left join lateral (
    select session_id from public.messages where message_id = sent.message_id limit 1
  ) message on true
  left join lateral (
    select project_id from public.sessions where session_id = message.session_id limit 1
  ) session on true
  where sent.message_id is not null and session.project_id is distinct from wanted_id
  limit 1;
  if found then
    perform private.refuse(422, 'invalid_request',
      format('message_id %s is no message of this project.', odd_id));
  end if;

  with sent as (
    select distinct on (assertion_id) *
    from rows from (jsonb_to_recordset(assertions) as (
      assertion_id text, kind text, body jsonb, message_id uuid)) with ordinality
      as entry (assertion_id, kind, body, message_id, place)
    order by assertion_id, place
  )
  insert into public.dossier_assertions (
    project_id, owner_id, position, assertion_id, kind, body, message_id, is_version, created_at)
  select wanted_id, dossier.owner_id, dossier.head + row_number() over (order by place),
    assertion_id, kind, body, message_id,
    row_number() over (order by place desc) = 1, clock_timestamp()
  from sent
  left join lateral (
    select true as is_known from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known on true
  where known.is_known is null;
  get diagnostics added = row_count;

  select sent.assertion_id into odd_id
  from jsonb_to_recordset(assertions) as sent (
    assertion_id text, kind text, body jsonb, message_id uuid)
  cross join lateral (
    select * from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known
  where (known.kind, known.body, known.message_id)
    is distinct from (sent.kind, sent.body, sent.message_id)
  limit 1;
  if found then
    perform private.refuse(422, 'invalid_request', format(
      'The log has %s with other content: an assertion_id is the hash of what is asserted.',
      odd_id));
  end if;

  is_base_the_head := base = dossier.head;
  if added > 0 then
    update public.dossiers
    set head = head + added, updated_at = clock_timestamp()
    where project_id = wanted_id;
  end if;
  if is_base_the_head and snapshot is not null then
    update public.dossiers
    set snapshot_json = snapshot, facts_json = facts, folded_to = head,
        updated_at = clock_timestamp()
    where project_id = wanted_id
      and (folded_to <> head or snapshot_json is distinct from snapshot
        or facts_json is distinct from facts);
  end if;

  select head, folded_to, log_start into dossier
  from public.dossiers where project_id = wanted_id;
  return jsonb_build_object(
    'head', dossier.head,
    'added', added,
    'folded_to', dossier.folded_to,
    'log_start', dossier.log_start,
    'tail', case when not is_base_the_head then private.read_log(wanted_id, base) end);
end
$$;

-- A dossier's log, for who folds it: {principal | null, project_id, after?, until?}; returns
-- {project_id, user_id, name, head, folded_to, log_start, snapshot | null, entries}, where name is the
-- project's, entries are those after `after` (at first 0), up to `until`, in order and bounded as
-- private.read_log has it, and the snapshot is there as long as nothing of the log has been passed over.
create function public.read_dossier_log(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  after_position bigint := coalesce(private.read_position(request, 'after'), 0);
  until_position bigint := private.read_position(request, 'until');
  principal_id uuid;
  log jsonb;
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  -- One statement, so that the head is that of these entries.
  select jsonb_build_object(
    'project_id', dossier.project_id,
    'user_id', dossier.owner_id,
    'name', project.name,
    'head', dossier.head,
    'folded_to', dossier.folded_to,
    'log_start', dossier.log_start,
    'snapshot', case when after_position <= dossier.log_start then dossier.snapshot_json end,
    'entries', private.read_log(wanted_id, after_position, until_position))
  into log
  from public.dossiers dossier
  join public.projects project on project.project_id = dossier.project_id
  where dossier.project_id = wanted_id
    and dossier.owner_id = coalesce(principal_id, dossier.owner_id);
  if log is null then
    perform private.refuse_dossier();
  end if;
  return log;
end
$$;

-- What a project's dossier says: {principal, project_id}. The version is a position of its log. Beside
-- the body it tells the head: when that is another one, the log has more than the snapshot.
create or replace function public.read_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  principal_id uuid;
  wanted_id uuid;
  body jsonb;
  log_head bigint;
begin
  principal_id := private.resolve_principal(request -> 'principal');
  wanted_id := private.read_id(request, 'project_id');
  perform private.act_as(principal_id);
  select dossier.head, jsonb_build_object(
    'project_id', dossier.project_id,
    'user_id', dossier.owner_id,
    'title', coalesce(dossier.title, project.name),
    'version', dossier.folded_to,
    'snapshot_json', dossier.snapshot_json,
    'created_at', private.iso(dossier.created_at),
    'updated_at', private.iso(dossier.updated_at))
  into log_head, body
  from public.dossiers dossier
  join public.projects project using (project_id)
  where dossier.project_id = wanted_id;
  perform set_config('role', own_role, true);
  if body is null then
    perform private.refuse_project();
  end if;
  return private.answer(body, etag => body ->> 'version') || jsonb_build_object('head', log_head);
end
$$;

-- The versions that a dossier has been in, newest first: {principal, project_id, query: {limit,
-- offset}}; each {version, kind, change, entries, created_at}, where kind is who made it (extracted,
-- confirmed, user, path), change what its last entry does, and entries how many came with it.
create function public.list_dossier_versions(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  own_role constant text := current_setting('role');
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 20);
  first_row constant integer := private.page_start(query);
  wanted_id constant uuid := private.read_id(request, 'project_id');
  page jsonb;
  total bigint;
begin
  perform private.act_as(private.resolve_principal(request -> 'principal'));
  select
    (select count(*) from public.dossier_assertions where project_id = wanted_id and is_version),
    (select jsonb_agg(
      jsonb_build_object(
        'version', version.position,
        'kind', version.kind,
        'change', version.body ->> 'do',
        'entries', version.position - coalesce((
          select earlier.position from public.dossier_assertions earlier
          where earlier.project_id = wanted_id and earlier.is_version
            and earlier.position < version.position
          order by earlier.position desc
          limit 1
        ), dossier.log_start),
        'created_at', private.iso(version.created_at))
      order by version.position desc)
    from (
      select * from public.dossier_assertions
      where project_id = wanted_id and is_version
      order by position desc
      limit row_count offset first_row
    ) version)
  into total, page
  from public.dossiers dossier
  where dossier.project_id = wanted_id;
  perform set_config('role', own_role, true);
  if total is null then
    perform private.refuse_dossier();
  end if;
  return private.answer_page(page, first_row, total);
end
$$;

-- A project's sessions and then its dossier, locked in the order in which others lock them.
create function private.lock_dossier_with_sessions(wanted_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.sessions where project_id = wanted_id order by session_id for no key update;
  perform from public.dossiers where project_id = wanted_id for no key update;
end
$$;

-- Removes what is known of a story, and where it was known from: {principal, project_id, if_match}. The
-- project stays, with its conversations, and with an empty dossier of a later version.
create function public.clear_dossier(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  project public.projects := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  log_head bigint;
begin
  perform private.lock_dossier_with_sessions(project.project_id);
  select head into log_head from public.dossiers where project_id = project.project_id;
  perform private.check_version(request ->> 'if_match', log_head::text);
  delete from public.dossier_assertions where project_id = project.project_id;
  update public.dossiers
  set head = head + 1, log_start = head + 1, folded_to = head + 1,
      snapshot_json = default, facts_json = default, updated_at = clock_timestamp()
  where project_id = project.project_id;
  return private.answer(
    '{"message": "The dossier is empty. The project and its conversations are still there."}');
end
$$;

-- As before, and in the order of locks: a cascade would take them as it likes.
create or replace function public.delete_project(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  project public.projects;
begin
  project := private.open_project(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  perform private.check_version(request ->> 'if_match', private.version_of(project.updated_at));
  perform private.lock_dossier_with_sessions(project.project_id);
  delete from public.projects where project_id = project.project_id;
  return private.answer(
    '{"message": "The project is deleted, with its dossier and its sessions."}');
end
$$;

-- As before, and dossiers after sessions.
create or replace function private.lock_belongings(principal_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  perform from public.principals where id = principal_id for update;
  if not found then
    return false;
  end if;
  perform from public.bots where owner_id = principal_id order by bot_id for update;
  perform from public.projects where owner_id = principal_id order by project_id for update;
  perform from public.sessions where owner_id = principal_id order by session_id for update;
  perform from public.dossiers where owner_id = principal_id order by project_id for update;
  return true;
end
$$;

revoke all on function
  private.check_facts(jsonb),
  private.read_log(uuid, bigint, bigint, integer, integer),
  private.refuse_dossier(),
  private.read_position(jsonb, text),
  private.store_assertions(uuid, jsonb, uuid),
  private.lock_dossier_with_sessions(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_facts(jsonb),
  private.read_log(uuid, bigint, bigint, integer, integer),
  private.refuse_dossier(),
  private.read_position(jsonb, text),
  private.store_assertions(uuid, jsonb, uuid),
  private.lock_dossier_with_sessions(uuid)
to service_role;

revoke all on function
  public.read_dossier_log(jsonb),
  public.list_dossier_versions(jsonb),
  public.clear_dossier(jsonb)
from public, anon, authenticated;
grant execute on function
  public.read_dossier_log(jsonb),
  public.list_dossier_versions(jsonb),
  public.clear_dossier(jsonb)
to service_role;
