-- The log of a task for its watchers.
create table public.story_events (
  job_id uuid not null references public.jobs (job_id) on delete cascade,
  -- From 1 in each task.
  seq integer not null check (seq >= 1),
  type text not null check (type in ('progress', 'part', 'finding', 'status')),
  body jsonb not null check (jsonb_typeof(body) = 'object'),
  created_at timestamptz not null default now(),
  primary key (job_id, seq)
);

comment on table public.story_events is 'The course of stories'' tasks. Not readable over REST.';

alter table public.story_events enable row level security;

-- Adds an event; the job is locked.
create function private.add_story_event(wanted_job_id uuid, event_type text, event_body jsonb)
returns void
language sql set search_path = '' as $$
  insert into public.story_events (job_id, seq, type, body, created_at)
  select wanted_job_id, 1 + coalesce((
    select seq from public.story_events where job_id = wanted_job_id order by seq desc limit 1), 0),
    event_type, event_body, clock_timestamp();
$$;

revoke all on function private.add_story_event(uuid, text, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.add_story_event(uuid, text, jsonb) to service_role;
