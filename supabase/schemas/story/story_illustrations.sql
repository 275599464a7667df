-- Pictures of scenes, one for each: the file is in Storage (wasm/engine/illustrations.hpp).
create table public.story_illustrations (
  -- The scene.
  part_id uuid primary key,
  owner_id uuid not null,
  -- In the bucket of FABULA_ILLUSTRATIONS_BUCKET: {project_id}/{scene_id}-{job_id}. Never reused for another
  -- picture.
  object_path text not null unique check (char_length(object_path) between 1 and 200),
  media_type text not null check (media_type in ('image/png', 'image/jpeg', 'image/webp')),
  byte_count integer not null check (byte_count > 0),
  -- The prompt for the picture.
  image_prompt text not null check (char_length(image_prompt) between 1 and 5000),
  model text check (char_length(model) <= 330),
  created_at timestamptz not null default now(),
  constraint story_illustrations_part_id_owner_id_fkey foreign key (part_id, owner_id)
    references public.story_parts (part_id, owner_id) on delete cascade on update cascade
);

alter table public.story_illustrations enable row level security;

create policy own_story_illustrations_are_readable on public.story_illustrations for select to authenticated
  using (owner_id = (select private.current_principal()));
