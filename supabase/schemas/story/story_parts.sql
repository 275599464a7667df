-- The parts of a story: its premise, its outline, its chapters and its scenes. A part's content is one of its
-- versions (story_versions.sql). A scene's text is a message in a session of the kind `story`, one session
-- for each scene, so that takes, the session's path and the reading for the dossier work as for
-- conversations.
create table public.story_parts (
  part_id uuid primary key default gen_random_uuid(),
  project_id uuid not null,
  owner_id uuid not null,
  kind text not null check (kind in ('premise', 'outline', 'chapter', 'scene')),
  -- From 1, in the order of the story; for a scene among all scenes. Null: the part is deleted.
  number integer check (number >= 1),
  -- A scene's chapter.
  chapter_id uuid,
  -- The plan of a chapter or a scene: {title, description, key_events, and for a scene characters,
  -- image_prompt, narration}.
  plan jsonb not null default '{}' check (jsonb_typeof(plan) = 'object'),
  -- A scene's share of the story's length.
  weight integer not null default 1 check (weight between 1 and 100),
  -- A chapter whose scenes are planned.
  is_outlined boolean not null default false,
  -- No model's version becomes current: the person has locked the part, or changed plan or text.
  is_locked boolean not null default false,
  is_plan_edited boolean not null default false,
  is_text_edited boolean not null default false,
  session_id uuid references public.sessions (session_id) on delete cascade,
  -- The message with the current text; null before the scene is written.
  message_id uuid references public.messages (message_id) on delete cascade,
  length integer not null default 0 check (length >= 0),
  -- The pieces of the text in progress.
  draft text not null default '',
  pieces integer not null default 0 check (pieces >= 0),
  retries integer not null default 0 check (retries >= 0),
  -- Faults of the last piece, for the next attempt.
  findings jsonb not null default '[]' check (jsonb_typeof(findings) = 'array'),
  recap text check (char_length(recap) <= 4000),
  -- The version of the text that the recap summarizes; for a chapter private.recaps_version, null when its
  -- scenes have changed since.
  recap_of integer,
  last_version integer not null default 0 check (last_version >= 0),
  plan_version integer,
  text_version integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  -- A deleted scene's number, at which it is restored.
  deleted_number integer,
  constraint story_parts_part_id_owner_id_key unique (part_id, owner_id),
  -- Parts exchange numbers within a transaction.
  constraint story_parts_number_key unique (project_id, kind, number) deferrable initially deferred,
  constraint story_parts_without_number_are_deleted check ((number is null) = (deleted_at is not null)),
  constraint story_parts_in_chapters check ((kind = 'scene') = (chapter_id is not null)),
  constraint story_parts_with_text_are_scenes
    check (kind = 'scene' or (session_id is null and message_id is null)),
  constraint story_parts_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.stories (project_id, owner_id) on delete cascade on update cascade,
  constraint story_parts_chapter_id_fkey foreign key (chapter_id)
    references public.story_parts (part_id) on delete cascade
)
-- Parts change often, and stay in their page: reading all chapters touches as many pages at a novel's end as
-- at its beginning.
with (fillfactor = 40);

-- A chapter's scenes in order.
create index story_parts_of_chapter on public.story_parts (chapter_id, number);
create index story_parts_of_session on public.story_parts (session_id);
create index story_parts_of_message on public.story_parts (message_id);
-- The next scene to write, and the next one without a recap of its text.
create index story_parts_unwritten on public.story_parts (project_id, number)
  where kind = 'scene' and number is not null and message_id is null;
create index story_parts_unrecapped on public.story_parts (project_id, number)
  where kind = 'scene' and number is not null and message_id is not null
    and recap_of is distinct from text_version;
-- The next chapter without a recap of its scenes.
create index story_parts_chapters_unrecapped on public.story_parts (project_id, number)
  where kind = 'chapter' and number is not null and is_outlined and recap_of is null;

alter table public.story_parts enable row level security;

create policy own_story_parts_are_readable on public.story_parts for select to authenticated
  using (owner_id = (select private.current_principal()));

create trigger touch_updated_at before update on public.story_parts
  for each row when (old.owner_id = new.owner_id) execute function private.touch_updated_at();
