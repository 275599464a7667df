-- Answers to a principal's requests, so that the same request is not paid twice; while it is in progress, the
-- job.
create table public.story_cache (
  entry_id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  project_id uuid not null,
  -- SHA-256 of the canonical request.
  cache_key text not null check (cache_key ~ '^[0-9a-f]{64}$'),
  route text not null check (char_length(route) <= 32),
  -- Null while the job is open.
  body jsonb,
  job_id uuid references public.jobs (job_id) on delete set null,
  hits integer not null default 0 check (hits >= 0),
  created_at timestamptz not null default now(),
  constraint story_cache_project_id_owner_id_fkey foreign key (project_id, owner_id)
    references public.projects (project_id, owner_id) on delete cascade on update cascade
);

comment on table public.story_cache is 'Answers to stories'' requests. Not readable over REST.';

-- The answer to a request. Not unique: a guest's entries move to an account that may have the same ones.
create index story_cache_by_key on public.story_cache (owner_id, cache_key, created_at);
create index story_cache_of_project on public.story_cache (project_id);
create index story_cache_of_job on public.story_cache (job_id);

alter table public.story_cache enable row level security;
