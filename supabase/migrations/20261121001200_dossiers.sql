-- A project's dossier: a log of assertions, which is the truth, and a snapshot of what the log
-- says, which is what readers see. The edge computes the snapshot; here it is only kept, with the
-- position of the log that it covers.

-- It reads nothing, and what is not volatile is asked once: rows are then found by the index of an
-- id that a caller sent, instead of comparing each row's.
alter function private.read_id(jsonb, text) stable;

create table public.dossiers (
  project_id uuid primary key,
  owner_id uuid not null,
  -- The newest assertion's position, 0 before the first: the counter that positions come from.
  head bigint not null default 0 check (head >= 0),
  -- The position that the snapshot covers: the dossier's version.
  folded_to bigint not null default 0 check (folded_to >= 0),
  snapshot_json jsonb not null default '{
    "characters": [], "themes": [], "locations": [], "plot_points": [], "objects": [],
    "open_questions": []
  }',
  -- The snapshot's own title; where it is null, readers are given the project's name.
  title text generated always as (
    case when jsonb_typeof(snapshot_json -> 'title') = 'string'
      then nullif(btrim(left(snapshot_json ->> 'title', 200)), '') end) stored,
  -- That they are not null also means that no snapshot lacks a list. A check would read the whole
  -- snapshot whenever the counter moves; so would a trigger, which is why updated_at has none here.
  character_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'characters')) stored,
  theme_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'themes')) stored,
  location_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'locations')) stored,
  plot_point_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'plot_points')) stored,
  object_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'objects')) stored,
  open_question_count integer not null generated always as (
    jsonb_array_length(snapshot_json -> 'open_questions')) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, owner_id),
  constraint snapshots_cover_what_is_there check (folded_to <= head),
  foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

-- Rows are added and never rewritten. Taking something back, another take, a decision of a person:
-- each is one more entry that names, in its body, what it is about.
create table public.dossier_assertions (
  project_id uuid not null,
  -- SHA-256 of what is asserted, as hexadecimal digits, so that the same finding is stored once.
  -- What a person does hashes an operation id too: A, B and A again are three.
  assertion_id text not null check (assertion_id ~ '^[0-9a-f]{64}$'),
  -- Order in which the log was written, from 1 without holes.
  position bigint not null check (position >= 1),
  owner_id uuid not null,
  -- Who says so: a model, a person to whom a model's finding was put, a person of their own accord;
  -- or nobody, when the conversation's path has moved: `path` names the messages that left it and
  -- those that came back.
  kind text not null check (kind in ('extracted', 'confirmed', 'user', 'path')),
  body jsonb not null check (jsonb_typeof(body) = 'object' and octet_length(body::text) <= 65536),
  -- The message that it was found in, one of this project's.
  message_id uuid references public.messages (message_id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (project_id, assertion_id),
  -- The log from a position on.
  unique (project_id, position),
  foreign key (project_id, owner_id)
    references public.dossiers (project_id, owner_id) on delete cascade on update cascade
);

-- A principal's dossiers, newest first.
create index dossiers_of_owner on public.dossiers (owner_id, updated_at desc, project_id);
-- What was found in a message.
create index dossier_assertions_of_message on public.dossier_assertions (message_id);

alter table public.dossiers enable row level security;
alter table public.dossier_assertions enable row level security;

create policy own_dossiers_are_readable on public.dossiers for select to authenticated
  using (owner_id = (select private.current_principal()));
create policy own_dossier_assertions_are_readable
  on public.dossier_assertions for select to authenticated
  using (owner_id = (select private.current_principal()));

create function private.give_dossier() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.dossiers (project_id, owner_id, created_at, updated_at)
  values (new.project_id, new.owner_id, new.created_at, new.created_at);
  return null;
end
$$;

create trigger give_dossier after insert on public.projects
  for each row execute function private.give_dossier();

-- Projects that are there.
insert into public.dossiers (project_id, owner_id, created_at, updated_at)
select project_id, owner_id, created_at, created_at from public.projects;

-- Refuses what is no list of assertions as commit_assertions takes them.
create function private.check_assertions(assertions jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Bounds how long a call keeps other writers waiting.
  max_assertions constant integer := 1000;
  -- The column's limit too: what is found in a message is a few sentences.
  max_body_bytes constant integer := 65536;
  sent record;
begin
  if jsonb_typeof(assertions) is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'assertions must be an array.');
  end if;
  if jsonb_array_length(assertions) > max_assertions then
    perform private.refuse(422, 'invalid_request', format(
      'assertions may have %s entries: send the others in further calls.', max_assertions));
  end if;
  for sent in
    select entry.value, entry.place - 1 as index
    from jsonb_array_elements(assertions) with ordinality as entry (value, place)
  loop
    if (sent.value ->> 'assertion_id') ~ '^[0-9a-f]{64}$' is not true
        or (sent.value ->> 'kind') in ('extracted', 'confirmed', 'user', 'path') is not true
        or jsonb_typeof(sent.value -> 'body') is distinct from 'object' then
      perform private.refuse(422, 'invalid_request', format(
        'assertions[%s] must have an assertion_id of 64 hexadecimal digits, a kind that is '
        'extracted, confirmed, user or path, and a body that is an object.', sent.index));
    end if;
    if octet_length((sent.value -> 'body')::text) > max_body_bytes then
      perform private.refuse(413, 'body_too_large', format(
        'assertions[%s].body may have %s bytes: make several assertions of it.',
        sent.index, max_body_bytes));
    end if;
    perform private.read_id(sent.value, 'message_id');
  end loop;
end
$$;

-- Refuses what readers could not be given as a dossier.
create function private.check_snapshot(snapshot jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  -- Many times the dossier of a long novel.
  max_snapshot_bytes constant integer := 4194304;
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

-- The log after a position, in its order. At most 1,000 entries and, after the first, 4 MB: the
-- last one's position is the one to ask on from.
create function private.read_log(wanted_project_id uuid, after_position bigint) returns jsonb
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
      sum(octet_length(logged.body::text)) over (order by logged.position) as bytes_so_far
    from (
      select * from public.dossier_assertions
      where project_id = wanted_project_id and position > after_position
      order by position
      limit 1000
    ) logged
  ) entry
  where entry.bytes_so_far <= 4194304 or entry.position = after_position + 1
);

-- Adds to a dossier's log, and stores the snapshot that goes with it: {project_id, base,
-- assertions: [{assertion_id, kind, body, message_id | null}], snapshot | null, principal | null},
-- where base is the position that the snapshot was computed from, before these assertions. Returns
-- {head, added, folded_to, tail}.
--
-- Assertions that are not there yet are added in the order given, whatever base is. The snapshot is
-- stored only if base was still the head. Otherwise the tail is what the log holds after base, with
-- the caller's own in their places: fold it in and call again, with the last one's position as the
-- base. A tail is bounded (private.read_log), so that this may take several calls; an empty list of
-- assertions reads the log. A caller whose answer was lost calls again: nothing is added twice.
create function public.commit_assertions(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  assertions jsonb := request -> 'assertions';
  snapshot jsonb := nullif(request -> 'snapshot', 'null');
  principal_id uuid;
  base bigint;
  dossier record;
  is_base_the_head boolean;
  added integer;
  odd_id text;
begin
  if jsonb_typeof(request -> 'principal') <> 'null' then
    principal_id := private.resolve_principal(request -> 'principal');
  end if;
  perform private.check_assertions(assertions);
  if snapshot is not null then
    perform private.check_snapshot(snapshot);
  end if;
  if (request ->> 'base') ~ '^[0-9]{1,18}$' is not true then
    perform private.refuse(422, 'invalid_request',
      'base must be the position of the log that the snapshot was computed from.');
  end if;
  base := request ->> 'base';

  -- From here on one writer at a time. The snapshot is not read.
  select head, folded_to, owner_id into dossier
  from public.dossiers
  where project_id = wanted_id and owner_id = coalesce(principal_id, owner_id)
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such dossier: use the id of a project of yours.');
  end if;
  if base > dossier.head then
    perform private.refuse(422, 'invalid_request', format(
      'base is beyond %s, where the log ends: read the dossier again.', dossier.head));
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
    project_id, owner_id, position, assertion_id, kind, body, message_id, created_at)
  select wanted_id, dossier.owner_id, dossier.head + row_number() over (order by place),
    assertion_id, kind, body, message_id, clock_timestamp()
  from sent
  left join lateral (
    select true as is_known from public.dossier_assertions
    where project_id = wanted_id and assertion_id = sent.assertion_id
    limit 1
  ) known on true
  where is_known is null;
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
    set snapshot_json = snapshot, folded_to = head, updated_at = clock_timestamp()
    where project_id = wanted_id
      and (folded_to <> head or snapshot_json is distinct from snapshot);
  end if;

  select head, folded_to into dossier from public.dossiers where project_id = wanted_id;
  return jsonb_build_object(
    'head', dossier.head,
    'added', added,
    'folded_to', dossier.folded_to,
    'tail', case when not is_base_the_head then private.read_log(wanted_id, base) end);
end
$$;

revoke all on function
  private.give_dossier(),
  private.check_assertions(jsonb),
  private.check_snapshot(jsonb),
  private.read_log(uuid, bigint)
from public, anon, authenticated, service_role;
grant execute on function
  private.check_assertions(jsonb),
  private.check_snapshot(jsonb),
  private.read_log(uuid, bigint)
to service_role;

revoke all on function public.commit_assertions(jsonb) from public, anon, authenticated;
grant execute on function public.commit_assertions(jsonb) to service_role;

select private.align_grants_with_policies();
