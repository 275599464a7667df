-- Requests with an Idempotency-Key: the same key is the same task.
create table public.story_requests (
  job_id uuid primary key,
  owner_id uuid not null,
  idempotency_key text not null check (char_length(idempotency_key) between 1 and 255),
  request_hash text not null check (char_length(request_hash) between 1 and 128),
  constraint story_requests_job_id_owner_id_fkey foreign key (job_id, owner_id)
    references public.jobs (job_id, owner_id) on delete cascade on update cascade
);

comment on table public.story_requests is 'Names of stories'' requests. Not readable over REST.';

-- Not unique: a guest's keys move to an account that may have the same ones.
create index story_requests_by_key on public.story_requests (owner_id, idempotency_key);

alter table public.story_requests enable row level security;
