-- A project's story: its settings, and totals of its parts, so that no step of a long novel has to count them.
create table public.stories (
  project_id uuid primary key,
  owner_id uuid not null,
  -- The canonical request (shared/story/settings.hpp).
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  title text not null default '' check (char_length(title) <= 200),
  -- SHA-256 of the current premise: a request without a project finds the story by it.
  premise_hash text check (premise_hash ~ '^[0-9a-f]{64}$'),
  -- Only parts that are not deleted; maintained by a trigger (count_story_parts.sql).
  chapters integer not null default 0 check (chapters >= 0),
  scenes integer not null default 0 check (scenes >= 0),
  scenes_written integer not null default 0 check (scenes_written between 0 and scenes),
  -- In the unit of the settings.
  length_written bigint not null default 0 check (length_written >= 0),
  -- The weights of unwritten scenes.
  weight_left bigint not null default 0 check (weight_left >= 0),
  -- Lengths requested from models, and written by them: their ratio corrects the next requests.
  asked bigint not null default 0 check (asked >= 0),
  made bigint not null default 0 check (made >= 0),
  -- Pieces that were requested after all scenes had been written.
  extra_pieces integer not null default 0 check (extra_pieces >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint stories_project_id_owner_id_key unique (project_id, owner_id),
  constraint stories_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

-- A principal's stories with this premise, the newest first; without one, those that have none yet.
create index stories_by_premise on public.stories (owner_id, premise_hash, created_at);

alter table public.stories enable row level security;

create policy own_stories_are_readable on public.stories for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger touch_updated_at before update on public.stories
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
