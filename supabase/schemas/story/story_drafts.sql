-- The text of a step while a model writes it, so that others can follow it, and so that it need not be
-- generated again when its worker has died.
create table public.story_drafts (
  job_id uuid not null,
  step integer not null,
  from_byte integer not null check (from_byte >= 0),
  text text not null check (octet_length(text) between 1 and 1048576),
  attempt integer not null check (attempt >= 1),
  -- The length requested from the model.
  asked integer check (asked >= 0),
  primary key (job_id, step, from_byte),
  constraint story_drafts_job_id_step_fkey foreign key (job_id, step)
    references public.job_steps (job_id, step) on delete cascade
);

comment on table public.story_drafts is 'Texts of running steps. Not readable over REST.';

alter table public.story_drafts enable row level security;
