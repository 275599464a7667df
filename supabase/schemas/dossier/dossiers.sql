-- A project's dossier: a log of assertions, which is authoritative, and a snapshot of the log for readers.
-- The edge computes the snapshot; the database only stores it, with the position of the log that it covers.
--
-- It is locked after everything but the queues (HACKING.md, "Locks"): moving a session's path, and storing a
-- step's result, write to the dossier while the session is locked.
create table public.dossiers (
  project_id uuid primary key,
  owner_id uuid not null,
  -- The newest assertion's position, 0 before the first; new positions are counted from it.
  head bigint not null default 0 check (head >= 0),
  -- The position that the snapshot covers: the dossier's version.
  folded_to bigint not null default 0 check (folded_to >= 0),
  snapshot_json jsonb not null default '{
    "characters": [], "themes": [], "locations": [], "plot_points": [], "objects": [],
    "open_questions": []
  }',
  -- The snapshot's own title; if it is null, readers get the project's name.
  title text generated always as (
    case when jsonb_typeof(snapshot_json -> 'title') = 'string'
      then nullif(btrim(left(snapshot_json ->> 'title', 200)), '') end) stored,
  -- Because these columns are not null, no snapshot lacks a list. A check would read the whole
  -- snapshot whenever head changes; so would a trigger, which is why updated_at has none here.
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
  -- Entries up to this position have been removed, and this version is the empty dossier. Snapshots
  -- that were folded from removed entries are not stored.
  log_start bigint not null default 0,
  -- The snapshot's facts for prompts, made by the core: {text, fact_ids, lines: [{parts: [{text, facts:
  -- [[assertion_id, message_id | null]]}]}]}; {} if it made none. text consists of all lines, each "- " and
  -- its parts in order; a line without its first part is left out.
  facts_json jsonb not null default '{}' check (jsonb_typeof(facts_json) = 'object'),
  -- The room that the log takes (private.room_of), so that a writer need not read it all.
  log_room bigint not null default 0 check (log_room >= 0),
  constraint dossiers_project_id_owner_id_key unique (project_id, owner_id),
  constraint snapshots_cover_what_is_there check (folded_to <= head),
  constraint logs_begin_before_they_end check (log_start between 0 and folded_to),
  constraint dossiers_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

-- A principal's dossiers, newest first.
create index dossiers_of_owner on public.dossiers (owner_id, updated_at desc, project_id);

alter table public.dossiers enable row level security;

create policy own_dossiers_are_readable on public.dossiers for select to authenticated
  using (owner_id = (select private.current_principal()));
