-- The story writer: stories, their parts and versions, the tasks that write them, and the answers that are kept.

set local lock_timeout = '10s';

-- Sessions that hold the texts of scenes --------------------------------------------------------------

alter table public.sessions drop constraint sessions_kind_check;
alter table public.sessions add constraint sessions_kind_check
  check (kind in ('chat', 'relay', 'companion', 'realtime', 'story'));

alter policy own_sessions_are_readable on public.sessions
  using (owner_id = (select private.current_principal()) and kind <> 'story');

drop trigger hold_owner on public.sessions;
create trigger hold_owner before insert on public.sessions
  for each row when (new.kind <> 'story') execute function private.hold_owner();

-- Jobs that report their own progress -----------------------------------------------------------------

alter table public.jobs add column reports_progress boolean not null default false;

create index job_steps_open on public.job_steps (job_id, step)
  where status in ('waiting', 'queued', 'running');

create or replace function private.add_job(request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  steps constant jsonb := coalesce(request -> 'steps', '[{}]');
  joins_open constant boolean := coalesce(request ->> 'merge', 'waiting') = 'open';
  due_at constant timestamptz := coalesce(
    (request ->> 'run_after')::timestamptz, clock_timestamp());
  job public.jobs;
begin
  -- Jobs whose time is over are deleted when the next one of their kind and subject begins.
  delete from public.jobs old
  where old.kind = request ->> 'kind' and old.finished_at + old.kept_for < clock_timestamp()
    and (old.session_id = (request ->> 'session_id')::uuid
      or old.project_id = (request ->> 'project_id')::uuid);
  -- A worker that is claiming the open job at this moment may not see the new work, and may end the job.
  -- Writing to the job's row waits for that worker; if the job has ended, a new one is made.
  insert into public.jobs as open_one (
    kind, owner_id, session_id, project_id, merge_key, is_serial, payload, kept_for, created_at,
    reports_progress)
  values (
    request ->> 'kind', (request ->> 'owner_id')::uuid, (request ->> 'session_id')::uuid,
    (request ->> 'project_id')::uuid, request ->> 'merge_key',
    coalesce((request ->> 'is_serial')::boolean, true), coalesce(request -> 'payload', '{}'),
    case when request ? 'kept_for' then (request ->> 'kept_for')::interval else '1 day' end,
    clock_timestamp(), coalesce((request ->> 'reports_progress')::boolean, false))
  on conflict (subject_id, kind, merge_key)
    where status in ('queued', 'running', 'paused') and merge_key is not null
    do update set payload = case when joins_open then open_one.payload
      else open_one.payload || excluded.payload end
  returning * into job;
  if exists (select from public.job_steps where job_id = job.job_id) then
    if joins_open then
      return job;
    end if;
    update public.job_steps
    set payload = payload || coalesce(steps -> 0, '{}'),
        run_after = case when request ? 'run_after' then due_at else run_after end
    where job_id = job.job_id and step = (
      select min(step) from public.job_steps
      where job_id = job.job_id and status in ('waiting', 'queued') and attempts = 0);
    if found then
      return job;
    end if;
  end if;
  perform private.add_steps(job, steps, due_at);
  return job;
end
$$;

create or replace function private.advance_job(wanted_id uuid) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  -- Steps of a job that reports its own progress are added one by one, so that all but the last are done: a long
  -- job's others are not counted.
  max_steps_ahead constant integer := 10;
  job public.jobs;
  steps record;
begin
  select * into job from public.jobs where job_id = wanted_id;
  if job.status not in ('queued', 'running', 'paused') then
    return job;
  end if;
  select count(*) filter (where status in ('queued', 'running')) as open,
    count(*) filter (where status = 'waiting') as waiting,
    count(*) filter (where status = 'done') as done,
    count(*) filter (where status = 'failed') as failed,
    count(*) as total
  into steps
  from (
    select status from public.job_steps
    where job_id = wanted_id
    order by step desc
    limit case when job.reports_progress then max_steps_ahead end
  ) last_step;
  if job.is_serial and steps.failed = 0 and steps.open = 0 and steps.waiting > 0
    and job.status <> 'paused'
  then
    update public.job_steps set status = 'queued'
    where job_id = wanted_id and step = (
      select min(step) from public.job_steps where job_id = wanted_id and status = 'waiting');
    steps.open := 1;
  end if;
  update public.jobs
  set status = case
        when is_serial and steps.failed > 0 then 'failed'
        when steps.open + steps.waiting > 0 then status
        when steps.done > 0 then 'done'
        else 'failed'
      end,
      progress = case
        when steps.open + steps.waiting > 0 and reports_progress then progress
        when steps.open + steps.waiting > 0
          then greatest(progress, floor(100.0 * (steps.done + steps.failed) / steps.total))
        when steps.done > 0 then 100
        else progress
      end,
      finished_at = case
        when is_serial and steps.failed > 0 or steps.open + steps.waiting = 0
          then clock_timestamp()
      end
  where job_id = wanted_id
  returning * into job;
  return job;
end
$$;

create or replace function public.claim_step(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_attempts constant integer := 5;
  -- Bounds how many jobs one call tries: a step may need no work, or its row may be locked.
  max_looks constant integer := 20;
  lease constant interval := make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  wanted_kinds text[];
  held_ids uuid[] := '{}';
  due_id uuid;
  job public.jobs;
  due public.job_steps;
  work jsonb;
begin
  if jsonb_typeof(request -> 'kinds') is distinct from 'array' then
    perform private.refuse(422, 'invalid_request', 'kinds must be an array of kinds of jobs.');
  end if;
  wanted_kinds := array(select jsonb_array_elements_text(request -> 'kinds'));
  for look in 1..max_looks loop
    due_id := private.next_due_job(
      wanted_kinds, private.read_id(request, 'job_id'), private.read_id(request, 'session_id'),
      held_ids);
    exit when due_id is null;
    select * into job from public.jobs where job_id = due_id for no key update skip locked;
    if found then
      select * into due from public.job_steps
      where job_id = due_id and status in ('queued', 'running') and run_after <= clock_timestamp()
      order by step
      limit 1
      for update skip locked;
    end if;
    if not found or (request ->> 'is_idle')::boolean and (due.attempts > 0 or exists (
      select from public.job_steps
      where job_id = due_id and status = 'running' and leased_until > clock_timestamp()))
    then
      held_ids := held_ids || due_id;
      continue;
    end if;
    if due.status = 'running' then
      perform private.record_lost_call(job, due);
    end if;
    if due.attempts >= max_attempts then
      -- Its kind may write what the session's lock protects. That lock comes before the job's, so this call
      -- does not wait for it.
      perform from public.sessions
      where session_id = job.session_id
      for no key update skip locked;
      if job.session_id is not null and not found then
        held_ids := held_ids || due_id;
        continue;
      end if;
      perform private.end_attempt(
        job, due, coalesce(due.error, 'Its workers have died.'), 0);
      continue;
    end if;
    if private.has_job_hook(job.kind, 'work') then
      work := private.call_job_hook('work', job, due);
    else
      work := jsonb_build_object('payload', due.payload);
    end if;
    if work is null then
      -- Unless the hook has put it off.
      update public.job_steps
      set status = 'done', result = '{"skipped": true}', finished_at = clock_timestamp()
      where job_id = due_id and step = due.step and status in ('queued', 'running')
        and run_after = due.run_after;
      perform private.advance_job(due_id);
      continue;
    end if;

    update public.job_steps
    set status = 'running', attempts = attempts + 1, lease_token = gen_random_uuid(),
        leased_until = clock_timestamp() + lease, run_after = clock_timestamp() + lease
    where job_id = due_id and step = due.step
    returning * into due;
    update public.jobs set status = 'running' where job_id = due_id and status = 'queued';
    perform private.mend_queue(due.owner_id, due.kind, true);
    return jsonb_build_object('step', jsonb_build_object(
      'job_id', due.job_id,
      'step', due.step,
      'kind', due.kind,
      'lease_token', due.lease_token,
      'leased_until', private.iso(due.leased_until),
      'attempts', due.attempts,
      'steps', case when job.reports_progress then due.step
        else (select count(*) from public.job_steps where job_id = due_id) end,
      'session_id', job.session_id,
      'project_id', job.project_id,
      'user_id', due.owner_id) || work);
  end loop;
  return '{"step": null}';
end
$$;

-- Puts a step that is being claimed off until this time (jobs/has_job_hook.sql). The job is locked. The step
-- stays queued: its owner's row of the queue, which another claim may hold, need not be written.
create or replace function private.postpone_step(step public.job_steps, due_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update public.job_steps
  set status = case when exists (
        select from public.jobs where job_id = step.job_id and status = 'paused')
        then 'waiting' else 'queued' end,
      attempts = 0, lease_token = null, leased_until = null, run_after = due_at
  where job_id = step.job_id and job_steps.step = postpone_step.step.step;
end
$$;

create or replace function public.start_job(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_steps constant integer := 1000;
  max_delay_seconds constant double precision := 31536000;
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_session_id constant uuid := private.read_id(request, 'session_id');
  delay_seconds constant double precision := (request ->> 'delay_seconds')::double precision;
  job public.jobs;
begin
  if jsonb_typeof(request -> 'steps') = 'array'
    and jsonb_array_length(request -> 'steps') not between 1 and max_steps
  then
    perform private.refuse(422, 'invalid_request',
      format('A job may be begun with 1 to %s steps.', max_steps));
  end if;
  if wanted_session_id is not null then
    perform private.open_own_session(principal_id, wanted_session_id);
  else
    perform private.open_project(principal_id, private.read_id(request, 'project_id'));
  end if;
  perform private.check_open_jobs(principal_id);
  job := private.add_job(
    (request - array['principal', 'owner_id', 'delay_seconds', 'run_after', 'kept_for', 'project_id',
      'reports_progress'])
    || jsonb_build_object('owner_id', principal_id)
    || case when wanted_session_id is null
      then jsonb_build_object('project_id', request -> 'project_id') else '{}' end
    || case when delay_seconds is null then '{}' else jsonb_build_object(
      'run_after', clock_timestamp() + make_interval(
        secs => least(greatest(delay_seconds, 0), max_delay_seconds))) end);
  return private.answer(private.job_body(job), 202);
end
$$;

-- Lists and counts of conversations ------------------------------------------------------------------

create or replace function public.delete_sessions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id uuid;
  session_ids uuid[];
begin
  principal_id := private.resolve_principal(request -> 'principal');
  -- In one order everywhere, so that two such calls do not wait for each other in a circle.
  select coalesce(array_agg(session_id), '{}') into session_ids
  from (
    select session_id from public.sessions
    where owner_id = principal_id and is_active and kind <> 'story'
    order by session_id
    for no key update
  ) locked;
  update public.sessions set is_active = false where session_id = any (session_ids);
  update public.generations set cancel_requested = true
  where session_id = any (session_ids) and status = 'streaming';
  return private.answer(jsonb_build_object(
    'message', 'All sessions are deleted.', 'deleted', cardinality(session_ids)));
end
$$;

create or replace function private.describe_project(project public.projects) returns jsonb
language sql stable
return jsonb_build_object(
  'project_id', project.project_id,
  'user_id', project.owner_id,
  'name', project.name,
  'is_favourite', project.is_favourite,
  'phase', project.phase,
  'status', project.status,
  'session_count', (
    select count(*) from public.sessions
    where project_id = project.project_id and owner_id = project.owner_id and is_active
      and kind <> 'story'),
  'created_at', private.iso(project.created_at),
  'updated_at', private.iso(project.updated_at));

-- Refuses members of a project that could not be stored. Those that are absent are fine.
create or replace function private.check_project(body jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  if body ? 'name' and char_length(btrim(body ->> 'name')) between 1 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'name must have 1 to 200 characters.');
  end if;
  if body ? 'is_favourite' and jsonb_typeof(body -> 'is_favourite') <> 'boolean' then
    perform private.refuse(422, 'invalid_request', 'is_favourite must be true or false.');
  end if;
  if body ? 'phase' and (body ->> 'phase') in (
      'setup', 'premise', 'outline', 'writing', 'export') is not true then
    perform private.refuse(422, 'invalid_request',
      'phase must be setup, premise, outline, writing or export.');
  end if;
  if body ? 'status' and (body ->> 'status') in ('active', 'completed', 'archived') is not true then
    perform private.refuse(422, 'invalid_request',
      'status must be active, completed or archived.');
  end if;
end
$$;

create or replace function private.move_belongings(guest_id uuid, account_id uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_attempts constant integer := 10;
  moved jsonb;
begin
  perform private.lock_belongings(guest_id);
  select jsonb_build_object(
    'projects', (select count(*) from public.projects where owner_id = guest_id),
    'sessions', (
      select count(*) from public.sessions where owner_id = guest_id and kind <> 'story'),
    'messages', (
      select count(*) from public.sessions session
      join public.messages message
        on message.session_id = session.session_id and message.owner_id = guest_id
      where session.owner_id = guest_id and session.kind <> 'story'),
    'dossiers', (select count(*) from public.dossiers where owner_id = guest_id))
  into moved;

  for attempt in 1..max_attempts loop
    begin
      perform private.rename_clashes(guest_id, account_id);
      -- Foreign keys carry the owner on to whatever is in them.
      update public.projects set owner_id = account_id where owner_id = guest_id;
      update public.sessions set owner_id = account_id where owner_id = guest_id;
      exit;
    exception when unique_violation then
      -- The account has just used a name that the guest had.
      if attempt = max_attempts then
        raise;
      end if;
    end;
  end loop;

  update public.bots set owner_id = account_id where owner_id = guest_id;
  update public.characters set owner_id = account_id where owner_id = guest_id;
  perform private.move_memory_logs(guest_id, account_id);
  update public.model_calls set owner_id = account_id where owner_id = guest_id;
  perform private.move_plan(guest_id, account_id);
  update public.profiles set owner_id = account_id
  where owner_id = guest_id
    and not exists (select from public.profiles where owner_id = account_id);
  delete from public.profiles where owner_id = guest_id;
  return moved;
end
$$;

-- Stories --------------------------------------------------------------------------------------------

-- A project's story: its settings, and totals of its parts, so that no step of a long novel has to count them.
create table public.stories (
  project_id uuid primary key,
  owner_id uuid not null,
  -- The canonical request (shared/story/settings.hpp).
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  title text not null default '' check (char_length(title) <= 200),
  -- SHA-256 of the current premise: a request without a project finds the story by it.
  premise_hash text check (premise_hash ~ '^[0-9a-f]{64}$'),
  -- Of parts that are not deleted; kept by a trigger (count_story_parts.sql).
  chapters integer not null default 0 check (chapters >= 0),
  scenes integer not null default 0 check (scenes >= 0),
  scenes_written integer not null default 0 check (scenes_written between 0 and scenes),
  -- In the unit of the settings.
  length_written bigint not null default 0 check (length_written >= 0),
  -- Weights of the scenes that are not written.
  weight_left bigint not null default 0 check (weight_left >= 0),
  -- Lengths that models were asked for, and that they made: their ratio corrects what is asked next.
  asked bigint not null default 0 check (asked >= 0),
  made bigint not null default 0 check (made >= 0),
  -- Pieces that were tried after all scenes had been written.
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

-- The parts of a story: its premise, its outline, its chapters and its scenes. What a part says is one of its
-- versions (story_versions.sql). A scene's text is a message in a session of the kind `story`, one session for
-- each scene, so that takes, the session's path and the reading for the dossier work as for conversations.
create table public.story_parts (
  part_id uuid primary key default gen_random_uuid(),
  project_id uuid not null,
  owner_id uuid not null,
  kind text not null check (kind in ('premise', 'outline', 'chapter', 'scene')),
  -- From 1 on, in the order of the story: of a scene among all scenes. Null: the part is deleted.
  number integer check (number >= 1),
  -- A scene's chapter.
  chapter_id uuid,
  -- The plan of a chapter or a scene: {title, description, key_events, and for a scene characters, image_prompt,
  -- narration}.
  plan jsonb not null default '{}' check (jsonb_typeof(plan) = 'object'),
  -- A scene's share of the story's length.
  weight integer not null default 1 check (weight between 1 and 100),
  -- A chapter whose scenes are planned.
  is_outlined boolean not null default false,
  -- Nothing that a model makes becomes current: the person has locked the part, or changed plan or text.
  is_locked boolean not null default false,
  is_plan_edited boolean not null default false,
  is_text_edited boolean not null default false,
  session_id uuid references public.sessions (session_id) on delete cascade,
  -- The message with the current text; null before the scene is written.
  message_id uuid references public.messages (message_id) on delete cascade,
  length integer not null default 0 check (length >= 0),
  -- Pieces of a text that is being written.
  draft text not null default '',
  pieces integer not null default 0 check (pieces >= 0),
  retries integer not null default 0 check (retries >= 0),
  -- Faults of the last piece, which the next attempt is told.
  findings jsonb not null default '[]' check (jsonb_typeof(findings) = 'array'),
  recap text check (char_length(recap) <= 4000),
  -- The version of the text that the recap is of; of a chapter private.recaps_version, null when its scenes
  -- have changed since.
  recap_of integer,
  last_version integer not null default 0 check (last_version >= 0),
  plan_version integer,
  text_version integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  -- A deleted scene's number, where it comes back.
  deleted_number integer,
  constraint story_parts_part_id_owner_id_key unique (part_id, owner_id),
  -- Parts move aside within a transaction.
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
-- Parts change often, and stay in their page: reading all chapters touches as many pages at a novel's end as at
-- its beginning.
with (fillfactor = 40);

-- A chapter's scenes in their order.
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

-- All that a part has said: by a model, or by the person. A version is never changed.
create table public.story_versions (
  part_id uuid not null,
  -- From 1 on, of the part's plan and text together.
  version integer not null check (version >= 1),
  owner_id uuid not null,
  aspect text not null check (aspect in ('plan', 'text')),
  made_by text not null check (made_by in ('model', 'person')),
  -- A plan, {scenes} of an outline, {text} of a premise or of a rejected text.
  content jsonb check (jsonb_typeof(content) = 'object'),
  -- The text of a scene.
  message_id uuid references public.messages (message_id) on delete cascade,
  length integer not null default 0 check (length >= 0),
  -- The guards have found faults, and another text was asked for.
  is_rejected boolean not null default false,
  findings jsonb not null default '[]' check (jsonb_typeof(findings) = 'array'),
  model text check (char_length(model) <= 256),
  -- The prompt's name and version.
  prompt text check (char_length(prompt) <= 128),
  job_id uuid references public.jobs (job_id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (part_id, version),
  constraint story_versions_say_something check (num_nonnulls(content, message_id) = 1),
  constraint story_versions_part_id_owner_id_fkey foreign key (part_id, owner_id)
    references public.story_parts (part_id, owner_id) on delete cascade on update cascade
);

create index story_versions_of_message on public.story_versions (message_id);
-- The job's calls and tokens.
create index story_versions_of_job on public.story_versions (job_id);

alter table public.story_versions enable row level security;

create policy own_story_versions_are_readable on public.story_versions for select to authenticated
  using (owner_id = (select private.current_principal()));

-- The text of a step while a model writes it, so that others can follow it, and that it is not asked for again
-- when its worker has died.
create table public.story_drafts (
  job_id uuid not null,
  step integer not null,
  from_byte integer not null check (from_byte >= 0),
  text text not null check (octet_length(text) between 1 and 1048576),
  attempt integer not null check (attempt >= 1),
  -- How much the model was asked for.
  asked integer check (asked >= 0),
  primary key (job_id, step, from_byte),
  constraint story_drafts_job_id_step_fkey foreign key (job_id, step)
    references public.job_steps (job_id, step) on delete cascade
);

comment on table public.story_drafts is 'Texts of running steps. Not readable over REST.';

alter table public.story_drafts enable row level security;

-- The log of a task, for those who watch it.
create table public.story_events (
  job_id uuid not null references public.jobs (job_id) on delete cascade,
  -- From 1 on in each task.
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

-- Answers of a principal's requests, so that the same request is not paid twice; while it is worked on, the job.
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

-- The answer to a request. Not unique: a guest's entries move to an account that may have the same.
create index story_cache_by_key on public.story_cache (owner_id, cache_key, created_at);
create index story_cache_of_project on public.story_cache (project_id);
create index story_cache_of_job on public.story_cache (job_id);

alter table public.story_cache enable row level security;

-- Requests that named themselves (Idempotency-Key): the same name is the same task.
create table public.story_requests (
  job_id uuid primary key,
  owner_id uuid not null,
  idempotency_key text not null check (char_length(idempotency_key) between 1 and 255),
  request_hash text not null check (char_length(request_hash) between 1 and 128),
  constraint story_requests_job_id_owner_id_fkey foreign key (job_id, owner_id)
    references public.jobs (job_id, owner_id) on delete cascade on update cascade
);

comment on table public.story_requests is 'Names of stories'' requests. Not readable over REST.';

-- Not unique: a guest's names move to an account that may have the same.
create index story_requests_by_key on public.story_requests (owner_id, idempotency_key);

alter table public.story_requests enable row level security;

-- Adds a version to a part, whose project is locked, and returns the part. `made` is {made_by, content?,
-- message_id?, length?, is_rejected?, findings?, model?, prompt?, job_id?, is_given?}; a
-- person's version that a request has brought along (is_given) is no edit.
create function private.add_story_version(part public.story_parts, aspect text, made jsonb)
returns public.story_parts
language plpgsql set search_path = '' as $$
begin
  update public.story_parts set last_version = last_version + 1
  where part_id = part.part_id
  returning * into part;
  insert into public.story_versions (
    part_id, version, owner_id, aspect, made_by, content, message_id, length, is_rejected, findings, model,
    prompt, job_id, created_at)
  values (
    part.part_id, part.last_version, part.owner_id, aspect, made ->> 'made_by',
    nullif(made -> 'content', 'null'), private.read_id(made, 'message_id'),
    coalesce((made ->> 'length')::integer, 0), coalesce((made ->> 'is_rejected')::boolean, false),
    coalesce(nullif(made -> 'findings', 'null'), '[]'), left(made ->> 'model', 256),
    left(made ->> 'prompt', 128), private.read_id(made, 'job_id'), clock_timestamp());
  return part;
end
$$;

-- Whether the person has decided what the part says, so that no model changes it.
create function private.is_edit(made jsonb) returns boolean
language sql immutable parallel safe
return made ->> 'made_by' = 'person' and not coalesce((made ->> 'is_given')::boolean, false);

revoke all on function
  private.add_story_version(public.story_parts, text, jsonb),
  private.is_edit(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.add_story_version(public.story_parts, text, jsonb),
  private.is_edit(jsonb)
to service_role;

-- The task that a request is about already: one that was named the same, or is open for the same answer.
create function private.find_story_task(principal_id uuid, request jsonb) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  job public.jobs;
  known public.story_requests;
begin
  if request ->> 'idempotency_key' is not null then
    select * into known from public.story_requests
    where owner_id = principal_id and idempotency_key = request ->> 'idempotency_key'
    limit 1;
    if found and known.request_hash is distinct from coalesce(request ->> 'request_hash', '-') then
      perform private.refuse(422, 'idempotency_key_reused',
        'This Idempotency-Key was used for another request: use a new one.');
    end if;
    if found then
      select * into job from public.jobs where job_id = known.job_id;
      return job;
    end if;
  end if;
  select open.* into job
  from public.story_cache entry
  join public.jobs open on open.job_id = entry.job_id
  where entry.owner_id = principal_id and entry.cache_key = request ->> 'cache_key'
    and entry.body is null and open.status in ('queued', 'running', 'paused')
  order by entry.created_at desc
  limit 1;
  return job;
end
$$;

-- Whether answers of a route are kept: what goes on with a story is asked for anew each time.
create function private.is_story_cached(route text) returns boolean
language sql immutable parallel safe
return route not in ('continue', 'scene');

-- A stored answer to the request; null when there is none, or none may be used. What was asked about a story
-- by its id counts only while nothing of the story has changed since.
create function private.read_story_cache(principal_id uuid, request jsonb) returns public.story_cache
language plpgsql set search_path = '' as $$
declare
  kept_for constant interval := '30 days';
  entry public.story_cache;
begin
  delete from public.story_cache
  where owner_id = principal_id and created_at <= clock_timestamp() - kept_for and body is not null;
  if (request ->> 'fresh')::boolean or not private.is_story_cached(request ->> 'route') then
    return null;
  end if;
  select * into entry from public.story_cache
  where owner_id = principal_id and cache_key = request ->> 'cache_key' and body is not null
    -- A whole story's answer names the task, which is kept for a shorter time.
    and (route <> 'full' or job_id is not null)
    and (request ->> 'project_id' is null
      or project_id = private.read_id(request, 'project_id')
        and not exists (
          select from public.story_parts part
          where part.project_id = story_cache.project_id and part.updated_at > story_cache.created_at))
  order by created_at desc
  limit 1;
  if found then
    update public.story_cache set hits = hits + 1 where entry_id = entry.entry_id;
  end if;
  return entry;
end
$$;

-- Begins a story's task, or finds its answer: {principal, route, settings, adjustments?, given: {premise?,
-- outline?, story_text?, idea?, feedback?, scene_id?}, project_id?, cache_key, fresh?, share: {calls, tokens},
-- expected_steps?, title?, idempotency_key?, request_hash?, named?}. Returns {outcome: "cached" | "begun" |
-- "joined", task_id, project_id, settings, body?}: the settings of the story, and the answer that is cached.
-- A story that is there changes only the settings in `named`; without `named`, all. Only one task of a story is
-- open at a time.
create function public.begin_story(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  route constant text := request ->> 'route';
  principal_id uuid;
  cached public.story_cache;
  job public.jobs;
  project public.projects;
  story public.stories;
  phases constant text[] := array['setup', 'premise', 'outline', 'writing', 'export'];
  phase_of_route constant text := case
    when route in ('ideas', 'setup') then 'setup'
    when route = 'premise' then 'premise'
    when route in ('outline', 'refine') then 'outline'
    else 'writing'
  end;
begin
  if (route in ('premise', 'outline', 'refine', 'start', 'continue', 'full', 'ideas', 'setup', 'scene'))
      is not true
    or (request ->> 'cache_key' ~ '^[0-9a-f]{64}$') is not true
    or jsonb_typeof(request -> 'settings') is distinct from 'object'
  then
    perform private.refuse(422, 'invalid_request',
      'route must be a route of the story, cache_key a SHA-256 in hexadecimal digits, and settings an object.');
  end if;
  principal_id := private.resolve_principal(request -> 'principal');
  -- A new project needs the owner before anything else is locked.
  perform private.hold_principal(principal_id);
  -- Equal requests at once are one task, also when the first of them makes the project.
  perform pg_advisory_xact_lock(hashtextextended('story:' || principal_id, 0));
  job := private.find_story_task(principal_id, request);
  if job.job_id is not null then
    return private.begun_story('joined', job.job_id, job.project_id);
  end if;
  cached := private.read_story_cache(principal_id, request);
  if cached.entry_id is not null then
    return private.begun_story('cached', cached.job_id, cached.project_id)
      || jsonb_build_object('body', cached.body);
  end if;

  project := private.find_story_project(principal_id, request);
  select * into job from public.jobs
  where subject_id = project.project_id and kind = 'story' and merge_key = 'story'
    and status in ('queued', 'running', 'paused');
  if found then
    if job.payload ->> 'cache_key' = request ->> 'cache_key' then
      return private.begun_story('joined', job.job_id, job.project_id);
    end if;
    perform private.refuse(409, 'story_in_progress', format(
      'This story is being worked on by task %s: wait until it ends, or cancel it.', job.job_id), '2');
  end if;
  perform private.check_open_jobs(principal_id);
  insert into public.stories (project_id, owner_id, settings, title, created_at)
  values (project.project_id, principal_id, request -> 'settings',
    left(coalesce(request ->> 'title', request #>> '{settings,title}', ''), 200), clock_timestamp())
  on conflict (project_id) do update
  set settings = case
        when stories.settings = '{}' or request -> 'named' is null then excluded.settings
        else stories.settings || (
          select coalesce(jsonb_object_agg(key, value), '{}')
          from jsonb_each(excluded.settings) setting
          where request -> 'named' ? setting.key)
      end,
      title = coalesce(nullif(excluded.title, ''), stories.title),
      extra_pieces = 0
  returning * into story;
  perform private.take_givens(story, request);
  update public.projects set phase = phase_of_route
  where project_id = project.project_id
    and array_position(phases, phase) < array_position(phases, phase_of_route);

  job := private.add_job(jsonb_build_object(
    'kind', 'story', 'owner_id', principal_id, 'project_id', project.project_id, 'merge_key', 'story',
    'kept_for', '7 days', 'reports_progress', true,
    'payload', jsonb_strip_nulls(jsonb_build_object(
      'route', route, 'cache_key', request -> 'cache_key', 'settings', story.settings,
      'adjustments', request -> 'adjustments', 'expected_steps', request -> 'expected_steps',
      -- The parts are stored as rows.
      'given', coalesce(nullif(request -> 'given', 'null'), '{}') - array['premise', 'story_text']
        - case when jsonb_typeof(request #> '{given,outline}') = 'array' then 'outline' else '' end))));
  if private.is_story_cached(route) then
    insert into public.story_cache (owner_id, project_id, cache_key, route, job_id, created_at)
    values (principal_id, project.project_id, request ->> 'cache_key', route, job.job_id, clock_timestamp());
  end if;
  if request ->> 'idempotency_key' is not null then
    insert into public.story_requests (job_id, owner_id, idempotency_key, request_hash)
    values (job.job_id, principal_id, request ->> 'idempotency_key',
      coalesce(request ->> 'request_hash', '-'));
  end if;
  -- After all other locks.
  perform private.take_share(
    principal_id, job.job_id, coalesce((request #>> '{share,calls}')::integer, 0),
    coalesce((request #>> '{share,tokens}')::bigint, 0), 0);
  return private.begun_story('begun', job.job_id, project.project_id);
end
$$;

create function private.begun_story(outcome text, task_id uuid, wanted_project_id uuid) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'outcome', outcome, 'task_id', task_id, 'project_id', wanted_project_id, 'settings', (
    select settings from public.stories where project_id = wanted_project_id));

revoke all on function
  private.find_story_task(uuid, jsonb),
  private.is_story_cached(text),
  private.read_story_cache(uuid, jsonb),
  public.begin_story(jsonb),
  private.begun_story(text, uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.find_story_task(uuid, jsonb),
  private.is_story_cached(text),
  private.read_story_cache(uuid, jsonb),
  public.begin_story(jsonb),
  private.begun_story(text, uuid, uuid)
to service_role;

-- Keeps a story's totals when its parts change, and marks a chapter's recap as outdated when its scenes have
-- changed. The project is locked.
create function private.count_story_parts() returns trigger
language plpgsql set search_path = '' as $$
declare
  was_there constant boolean := tg_op = 'UPDATE' and old.number is not null;
  is_there constant boolean := new.number is not null;
  was_written constant boolean := was_there and old.message_id is not null;
  is_written constant boolean := is_there and new.message_id is not null;
begin
  if new.kind = 'chapter' then
    update public.stories
    set chapters = chapters + is_there::integer - was_there::integer
    where project_id = new.project_id and is_there <> was_there;
    return null;
  end if;
  update public.stories
  set scenes = scenes + is_there::integer - was_there::integer,
      scenes_written = scenes_written + is_written::integer - was_written::integer,
      length_written = length_written
        + case when is_written then new.length else 0 end
        - case when was_written then old.length else 0 end,
      weight_left = weight_left
        + case when is_there and not is_written then new.weight else 0 end
        - case when was_there and not was_written then old.weight else 0 end
  where project_id = new.project_id;
  update public.story_parts chapter
  set recap_of = null
  where chapter.part_id in (new.chapter_id, case when was_there then old.chapter_id end)
    and chapter.recap_of is not null;
  return null;
end
$$;

revoke all on function private.count_story_parts() from public, anon, authenticated, service_role;

create trigger count_new_story_part after insert on public.story_parts
  for each row when (new.kind in ('chapter', 'scene')) execute function private.count_story_parts();

create trigger count_story_part after update on public.story_parts
  for each row when (
    new.kind in ('chapter', 'scene')
    and (old.number is null, old.message_id, old.length, old.weight, old.chapter_id, old.recap_of)
      is distinct from
      (new.number is null, new.message_id, new.length, new.weight, new.chapter_id, new.recap_of))
  execute function private.count_story_parts();

-- A story's task changes its state, however that comes about: its watchers are told, and when it ends, its
-- answer is kept for the same request, or the next one asks anew.
create function private.follow_story_task() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.add_story_event(new.job_id, 'status', jsonb_strip_nulls(jsonb_build_object(
    'status', private.story_task_status(new.status), 'error', new.error)));
  if new.status = 'done' then
    delete from public.story_cache older
    using public.story_cache entry
    where entry.job_id = new.job_id and older.owner_id = entry.owner_id
      and older.cache_key = entry.cache_key and older.entry_id <> entry.entry_id;
    update public.story_cache
    set body = private.story_result(new), created_at = clock_timestamp()
    where job_id = new.job_id;
  elsif new.finished_at is not null then
    delete from public.story_cache where job_id = new.job_id and body is null;
  end if;
  return null;
end
$$;

-- A job's status as callers of the story know it.
create function private.story_task_status(status text) returns text
language sql immutable parallel safe
return case status
  when 'queued' then 'pending' when 'running' then 'processing' when 'done' then 'completed' else status
end;

revoke all on function
  private.follow_story_task(),
  private.story_task_status(text)
from public, anon, authenticated, service_role;
grant execute on function private.story_task_status(text) to service_role;

create trigger follow_story_task after update of status on public.jobs
  for each row when (new.kind = 'story' and old.status <> new.status)
  execute function private.follow_story_task();

-- A story goes on as soon as its last scene has been read for the dossier: until then its step is put off
-- (story_work.sql). This waits for no lock, because it holds the reading's: a step that is locked is being
-- claimed, and becomes due by itself.
create function private.go_on_after_reading() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.job_steps next_step
  set run_after = clock_timestamp()
  from (
    select step.job_id, step.step
    from public.sessions session
    join public.jobs writing
      on writing.project_id = session.project_id and writing.kind = 'story'
    join public.job_steps step on step.job_id = writing.job_id
    where session.session_id = new.session_id and session.kind = 'story'
      and writing.status in ('queued', 'running')
      and step.status = 'queued' and step.attempts = 0 and step.run_after > clock_timestamp()
    for update of step skip locked
  ) put_off
  where next_step.job_id = put_off.job_id and next_step.step = put_off.step;
  return null;
end
$$;

revoke all on function private.go_on_after_reading() from public, anon, authenticated, service_role;

create trigger go_on_after_reading after update on public.jobs
  for each row when (
    new.kind = 'dossier_extraction' and old.finished_at is null and new.finished_at is not null)
  execute function private.go_on_after_reading();

-- The project of a request, locked: the named one, or the owner's newest whose current premise is the given
-- one; a request without a premise takes one that has none yet and no open work; else a new one.
create function private.find_story_project(principal_id uuid, request jsonb) returns public.projects
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'project_id');
  given_premise constant text := nullif(btrim(request #>> '{given,premise}'), '');
  known_id uuid;
  project public.projects;
begin
  if wanted_id is null and request #>> '{given,scene_id}' is not null then
    select project_id into wanted_id from public.story_parts
    where part_id = private.read_id(request -> 'given', 'scene_id') and owner_id = principal_id;
    if not found then
      perform private.refuse_story_part();
    end if;
  end if;
  if wanted_id is not null then
    return private.open_project(principal_id, wanted_id);
  end if;
  if given_premise is not null then
    select project_id into known_id from public.stories
    where owner_id = principal_id and premise_hash = private.premise_hash(given_premise)
    order by created_at desc
    limit 1;
  else
    select story.project_id into known_id from public.stories story
    where story.owner_id = principal_id and story.premise_hash is null and story.scenes = 0
      and not exists (
        select from public.jobs
        where subject_id = story.project_id and kind = 'story' and merge_key = 'story'
          and status in ('queued', 'running', 'paused'))
    order by story.created_at desc
    limit 1;
  end if;
  if known_id is not null then
    return private.open_project(principal_id, known_id);
  end if;
  insert into public.projects (owner_id, name)
  values (principal_id, coalesce(
    nullif(btrim(left(request ->> 'title', 200)), ''),
    nullif(btrim(left(request #>> '{settings,title}', 200)), ''),
    -- In languages without spaces the first word is the whole premise.
    nullif(btrim(left(substring(given_premise from '^(?:\s*\S+){1,8}'), 60)), ''),
    'Untitled'))
  returning * into project;
  return project;
end
$$;

revoke all on function private.find_story_project(uuid, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.find_story_project(uuid, jsonb) to service_role;

-- The project's story, which is locked with its project, if the principal may change it; refused if the
-- project has no story.
create function private.open_story(principal_id uuid, wanted_project_id uuid) returns public.stories
language plpgsql set search_path = '' as $$
declare
  story public.stories;
begin
  perform private.open_project(principal_id, wanted_project_id);
  select * into story from public.stories where project_id = wanted_project_id for no key update;
  if not found then
    perform private.refuse_story();
  end if;
  return story;
end
$$;

-- The same for reading: nothing is locked.
create function private.find_story(principal_id uuid, wanted_project_id uuid) returns public.stories
language plpgsql stable set search_path = '' as $$
declare
  story public.stories;
begin
  select * into story from public.stories
  where project_id = wanted_project_id and owner_id = principal_id;
  if not found then
    perform private.refuse_story();
  end if;
  return story;
end
$$;

create function private.refuse_story() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no story in this project, or no such project: begin one with a premise or an outline.');
end
$$;

create function private.refuse_story_part() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found',
    'There is no such part of the story: read the story to see which there are.');
end
$$;

-- A part of the story, whose project is locked: its premise, its outline, or a scene. Premise and outline are
-- made if they are not there.
create function private.open_story_part(story public.stories, part_kind text, wanted_id uuid)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  part public.story_parts;
begin
  if part_kind in ('premise', 'outline') then
    select * into part from public.story_parts
    where project_id = story.project_id and kind = part_kind and number = 1;
    if not found then
      insert into public.story_parts (project_id, owner_id, kind, number, created_at)
      values (story.project_id, story.owner_id, part_kind, 1, clock_timestamp())
      returning * into part;
    end if;
    return part;
  end if;
  select * into part from public.story_parts
  where part_id = wanted_id and project_id = story.project_id and kind = part_kind;
  if not found then
    perform private.refuse_story_part();
  end if;
  return part;
end
$$;

revoke all on function
  private.open_story(uuid, uuid),
  private.find_story(uuid, uuid),
  private.refuse_story(),
  private.refuse_story_part(),
  private.open_story_part(public.stories, text, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_story(uuid, uuid),
  private.find_story(uuid, uuid),
  private.refuse_story(),
  private.refuse_story_part(),
  private.open_story_part(public.stories, text, uuid)
to service_role;

-- The scenes' plans in their order.
create function private.story_outline(wanted_project_id uuid) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(
    scene.plan || jsonb_build_object('number', scene.number, 'scene_id', scene.part_id)
    order by scene.number), '[]')
  from public.story_parts scene
  where scene.project_id = wanted_project_id and scene.kind = 'scene' and scene.number is not null);

-- The texts of the written scenes, in their order. A scene that is being written counts with what it has.
create function private.story_text(wanted_project_id uuid) returns text
language sql stable set search_path = ''
return (
  select coalesce(string_agg(coalesce(message.content, scene.draft), E'\n\n' order by scene.number), '')
  from public.story_parts scene
  left join public.messages message on message.message_id = scene.message_id
  where scene.project_id = wanted_project_id and scene.kind = 'scene' and scene.number is not null
    and (scene.message_id is not null or scene.draft <> ''));

revoke all on function
  private.story_outline(uuid),
  private.story_text(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_outline(uuid),
  private.story_text(uuid)
to service_role;

-- Stories are found by their premise, whose hash is in the story's row.
create function private.premise_hash(premise_text text) returns text
language sql immutable parallel safe
return encode(sha256(convert_to(btrim(premise_text), 'UTF8')), 'hex');

-- The current premise; null if there is none.
create function private.premise_text(wanted_project_id uuid) returns text
language sql stable set search_path = ''
return (
  select version.content ->> 'text'
  from public.story_parts part
  join public.story_versions version
    on version.part_id = part.part_id and version.version = part.text_version
  where part.project_id = wanted_project_id and part.kind = 'premise' and part.number = 1);

revoke all on function
  private.premise_hash(text),
  private.premise_text(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.premise_hash(text),
  private.premise_text(uuid)
to service_role;

-- A premise or an outline as the person sees it.
create function private.story_part_body(part public.story_parts) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'version', part.last_version,
  'text_version', part.text_version,
  'plan_version', part.plan_version,
  'is_locked', part.is_locked,
  'is_edited', part.is_plan_edited or part.is_text_edited,
  'updated_at', private.iso(part.updated_at))
  || case part.kind
    when 'premise' then jsonb_build_object('text', private.premise_text(part.project_id))
    else jsonb_build_object('scenes', private.story_outline(part.project_id)) end;

-- The story with its parts: {principal, project_id, query: {with_text}}. Without texts unless they are asked
-- for. The entity tag is of the story's settings and totals.
create function public.read_story(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  with_text constant boolean := coalesce((request #>> '{query,with_text}')::boolean, false);
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  return private.answer(private.story_body(story) || jsonb_build_object(
    'premise', (
      select private.story_part_body(part) from public.story_parts part
      where part.project_id = story.project_id and part.kind = 'premise' and part.number = 1
        and part.text_version is not null),
    'outline', (
      select private.story_part_body(part) - array['scenes', 'text_version']
      from public.story_parts part
      where part.project_id = story.project_id and part.kind = 'outline' and part.number = 1
        and part.plan_version is not null),
    'chapters', (
      select coalesce(jsonb_agg(jsonb_build_object(
          'number', chapter.number, 'title', coalesce(chapter.plan ->> 'title', ''),
          'description', coalesce(chapter.plan ->> 'description', ''),
          'key_events', coalesce(chapter.plan -> 'key_events', '[]'),
          'is_outlined', chapter.is_outlined, 'recap', chapter.recap) order by chapter.number), '[]')
      from public.story_parts chapter
      where chapter.project_id = story.project_id and chapter.kind = 'chapter'
        and chapter.number is not null),
    'scenes', (
      select coalesce(jsonb_agg(private.scene_body(scene, with_text) order by scene.number), '[]')
      from public.story_parts scene
      where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is not null),
    'deleted_scenes', (
      select coalesce(jsonb_agg(private.scene_body(scene, false) order by scene.deleted_at), '[]')
      from public.story_parts scene
      where scene.project_id = story.project_id and scene.kind = 'scene' and scene.number is null)),
    etag => private.version_of(story.updated_at));
end
$$;

create function private.story_body(story public.stories) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'project_id', story.project_id,
  'title', story.title,
  'settings', story.settings,
  'length', story.length_written,
  'scene_count', story.scenes,
  'scenes_written', story.scenes_written,
  'chapter_count', story.chapters,
  'task_id', (
    select job_id from public.jobs
    where subject_id = story.project_id and kind = 'story' and merge_key = 'story'
      and status in ('queued', 'running', 'paused')),
  'created_at', private.iso(story.created_at),
  'updated_at', private.iso(story.updated_at));

-- Changes title, language or length: {principal, project_id, if_match, body: {title?, language?,
-- target_words?}}. What is written already stays; a task that is open goes on with what is said now.
create function public.update_story(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_words constant integer := 1000000;
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  story public.stories := private.open_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  perform private.check_version(request ->> 'if_match', private.version_of(story.updated_at));
  if body ? 'title' and char_length(btrim(body ->> 'title')) between 0 and 200 is not true then
    perform private.refuse(422, 'invalid_request', 'title must have at most 200 characters.');
  end if;
  if body ? 'language' and (body ->> 'language' ~ '^\S.{0,63}$') is not true then
    perform private.refuse(422, 'invalid_request', 'language must be a text of 1 to 64 characters.');
  end if;
  if body ? 'target_words' and (
    jsonb_typeof(body -> 'target_words') = 'number'
    and (body ->> 'target_words')::numeric between 100 and max_words
    and (body ->> 'target_words')::numeric % 1 = 0) is not true
  then
    perform private.refuse(422, 'invalid_request',
      format('target_words must be a whole number from 100 to %s.', max_words));
  end if;
  update public.stories
  set title = case when body ? 'title' then btrim(body ->> 'title') else title end,
      settings = settings
        || case when body ? 'title' then jsonb_build_object('title', btrim(body ->> 'title')) else '{}' end
        || case when body ? 'language' then jsonb_build_object('language', body -> 'language') else '{}' end
        || case when body ? 'target_words'
          then jsonb_build_object('target_words', (body ->> 'target_words')::numeric::integer)
          else '{}' end
  where project_id = story.project_id
  returning * into story;
  return private.answer(private.story_body(story), etag => private.version_of(story.updated_at));
end
$$;

revoke all on function
  private.story_part_body(public.story_parts),
  public.read_story(jsonb),
  private.story_body(public.stories),
  public.update_story(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_part_body(public.story_parts),
  public.read_story(jsonb),
  private.story_body(public.stories),
  public.update_story(jsonb)
to service_role;

-- All that a book is made of: {principal, project_id}; the body is {project_id, title, author, language, premise,
-- created_at, settings, chapters: [{number, title, scenes: [{part_id, number, title, text, plan}]}], dossier}.
-- Scenes that are not written are left out, and chapters without scenes.
create function public.read_story_export(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
begin
  return private.answer(jsonb_build_object(
    'project_id', story.project_id,
    'title', coalesce(nullif(story.title, ''), (
      select name from public.projects where project_id = story.project_id)),
    'author', coalesce((
      select display_name from public.profiles where owner_id = story.owner_id), ''),
    'language', coalesce(story.settings ->> 'language', ''),
    'premise', coalesce(private.premise_text(story.project_id), ''),
    'created_at', private.iso(story.created_at),
    'settings', story.settings,
    'chapters', (
      select coalesce(jsonb_agg(jsonb_build_object(
          'number', chapter.number, 'title', coalesce(chapter.plan ->> 'title', ''),
          'scenes', written.scenes) order by chapter.number), '[]')
      from public.story_parts chapter
      cross join lateral (
        select jsonb_agg(jsonb_build_object(
          'part_id', scene.part_id, 'number', scene.number, 'title', coalesce(scene.plan ->> 'title', ''),
          'text', message.content, 'plan', scene.plan) order by scene.number) as scenes
        from public.story_parts scene
        join public.messages message on message.message_id = scene.message_id
        where scene.chapter_id = chapter.part_id and scene.number is not null
      ) written
      where chapter.project_id = story.project_id and chapter.kind = 'chapter'
        and chapter.number is not null and written.scenes is not null),
    'dossier', (
      select snapshot_json from public.dossiers where project_id = story.project_id)));
end
$$;

revoke all on function public.read_story_export(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_story_export(jsonb) to service_role;

-- Saves text that a model is writing for a step: {job_id, step, lease_token, from_byte, text, attempt?,
-- asked?, part?, lease_seconds?}, the text from that byte of the attempt's text on; extends the lease. Returns {saved_bytes,
-- is_cancelled}. A new attempt begins at 0, which removes an earlier one's text. Refused like a commit when the
-- lease is gone.
create function public.save_story_draft(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  default_lease_seconds constant integer := 60;
  max_lease_seconds constant integer := 600;
  max_bytes constant integer := 1048576;
  saved public.job_steps := private.open_step(request);
  lease_end constant timestamptz := clock_timestamp() + make_interval(secs => least(greatest(
    coalesce((request ->> 'lease_seconds')::double precision, default_lease_seconds), 1),
    max_lease_seconds));
  from_byte constant integer := coalesce((request ->> 'from_byte')::integer, 0);
  -- A model that breaks off is asked again under the same lease.
  attempt_number constant integer := greatest(
    coalesce((request ->> 'attempt')::integer, saved.attempts), 1);
  saved_bytes integer;
  added text;
begin
  if saved.status <> 'running' then
    perform private.refuse(409, 'stale_lease', 'This step has ended: drop what was done.');
  end if;
  delete from public.story_drafts draft
  where draft.job_id = saved.job_id and draft.step = saved.step and draft.attempt <> attempt_number;
  saved_bytes := coalesce((
    select draft.from_byte + octet_length(draft.text) from public.story_drafts draft
    where draft.job_id = saved.job_id and draft.step = saved.step
    order by draft.from_byte desc
    limit 1), 0);
  if from_byte not between 0 and saved_bytes or octet_length(request ->> 'text') > max_bytes then
    perform private.refuse(422, 'invalid_request', format(
      'from_byte must be at most %s, the bytes that are saved, and text have at most %s bytes.',
      saved_bytes, max_bytes));
  end if;
  added := private.text_beyond(saved_bytes, from_byte, request ->> 'text');
  if added <> '' then
    insert into public.story_drafts (job_id, step, from_byte, text, attempt, asked)
    values (saved.job_id, saved.step, saved_bytes, added, attempt_number,
      (request ->> 'asked')::integer);
  end if;
  update public.job_steps
  set leased_until = greatest(leased_until, lease_end), run_after = greatest(leased_until, lease_end),
      payload = case when jsonb_typeof(request -> 'part') = 'object'
        then payload || jsonb_build_object('part', request -> 'part') else payload end
  where job_id = saved.job_id and step = saved.step;
  return jsonb_build_object(
    'saved_bytes', saved_bytes + octet_length(added), 'is_cancelled', false);
end
$$;

revoke all on function public.save_story_draft(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.save_story_draft(jsonb) to service_role;

-- The members of a plan that are stored; others are left out.
create function private.scene_plan(sent jsonb) returns jsonb
language sql immutable set search_path = ''
return jsonb_build_object(
  'title', left(coalesce(sent ->> 'title', ''), 200),
  'description', left(coalesce(sent ->> 'description', ''), 4000),
  'characters', case when jsonb_typeof(sent -> 'characters') = 'array'
    then sent -> 'characters' else '[]' end,
  'key_events', case when jsonb_typeof(sent -> 'key_events') = 'array'
    then sent -> 'key_events' else '[]' end,
  'image_prompt', left(coalesce(sent ->> 'image_prompt', ''), 4000),
  'narration', left(coalesce(sent ->> 'narration', ''), 4000));

-- A story's numbers from this one on move by so many places, to make room or to close a gap.
create function private.shift_story_parts(
  wanted_project_id uuid, part_kind text, from_number integer, places integer
) returns void
language sql set search_path = '' as $$
  update public.story_parts set number = number + places
  where project_id = wanted_project_id and kind = part_kind and number >= from_number and places <> 0;
$$;

revoke all on function
  private.scene_plan(jsonb),
  private.shift_story_parts(uuid, text, integer, integer)
from public, anon, authenticated, service_role;
grant execute on function
  private.scene_plan(jsonb),
  private.shift_story_parts(uuid, text, integer, integer)
to service_role;

-- Scenes are inserted, moved, deleted and restored by the person, also while a task writes the story: the task's
-- next step finds the scenes as they are then.

-- A scene of the story for changing it, its project locked.
create function private.open_scene(request jsonb) returns public.story_parts
language plpgsql set search_path = '' as $$
begin
  return private.open_story_part(
    private.open_story(
      private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id')),
    'scene', private.read_id(request, 'scene_id'));
end
$$;

-- Refuses a scene that is deleted.
create function private.check_scene_is_there(scene public.story_parts) returns void
language plpgsql set search_path = '' as $$
begin
  if scene.number is null then
    perform private.refuse(422, 'invalid_request', 'This scene is deleted: restore it first.');
  end if;
end
$$;

-- {principal, project_id, scene_id}; a deleted scene can be read too.
create function public.read_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  scene public.story_parts;
begin
  select * into scene from public.story_parts
  where part_id = private.read_id(request, 'scene_id') and kind = 'scene'
    and project_id = story.project_id;
  if not found then
    perform private.refuse_story_part();
  end if;
  return private.answer(private.scene_body(scene, true), etag => scene.last_version::text);
end
$$;

-- Where a scene comes behind another: its number and chapter. Behind none is the beginning.
create function private.place_behind(
  wanted_project_id uuid, after_id uuid, out number integer, out chapter_id uuid
)
language plpgsql set search_path = '' as $$
declare
  after public.story_parts;
begin
  if after_id is null then
    number := 1;
    select part.part_id into chapter_id from public.story_parts part
    where part.project_id = wanted_project_id and part.kind = 'chapter' and part.number = 1;
    return;
  end if;
  select * into after from public.story_parts part
  where part.part_id = after_id and part.project_id = wanted_project_id and part.kind = 'scene';
  if not found then
    perform private.refuse_story_part();
  end if;
  perform private.check_scene_is_there(after);
  number := after.number + 1;
  chapter_id := after.chapter_id;
end
$$;

-- Inserts a scene that is to be written: {principal, project_id, body: {after_scene_id?, chapter?, title,
-- description?, ...}}. after_scene_id null is the beginning, none the end of the chapter or the story. 201 with
-- the scene.
create function public.insert_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_scenes constant integer := 1000;
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  story public.stories := private.open_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  chapter public.story_parts;
  place record;
  scene public.story_parts;
begin
  if coalesce(body ->> 'title', '') !~ '\S' and coalesce(body ->> 'description', '') !~ '\S' then
    perform private.refuse(422, 'invalid_request', 'A scene must have a title or a description.');
  end if;
  if story.scenes >= max_scenes then
    perform private.refuse(422, 'invalid_request', format('A story may have %s scenes.', max_scenes));
  end if;
  if body ? 'after_scene_id' then
    perform private.open_chapter(story, 1);
    select * into place from private.place_behind(
      story.project_id, private.read_id(body, 'after_scene_id'));
  else
    chapter := private.open_chapter(story, greatest(coalesce((
      case when jsonb_typeof(body -> 'chapter') = 'number' then (body ->> 'chapter')::numeric end)::integer,
      story.chapters), 1));
    select 1 + coalesce(max(earlier.number), 0) as number, chapter.part_id as chapter_id into place
    from public.story_parts known
    join public.story_parts earlier on earlier.chapter_id = known.part_id
    where known.project_id = story.project_id and known.kind = 'chapter'
      and known.number <= chapter.number and earlier.number is not null;
  end if;
  perform private.shift_story_parts(story.project_id, 'scene', place.number, 1);
  insert into public.story_parts (
    project_id, owner_id, kind, number, chapter_id, plan, is_plan_edited, created_at)
  values (
    story.project_id, story.owner_id, 'scene', place.number, place.chapter_id, private.scene_plan(body),
    true, clock_timestamp())
  returning * into scene;
  scene := private.add_story_version(scene, 'plan', jsonb_build_object(
    'made_by', 'person', 'content', scene.plan));
  update public.story_parts set plan_version = last_version where part_id = scene.part_id
  returning * into scene;
  return private.answer(private.scene_body(scene, true), 201, scene.last_version::text);
end
$$;

-- Moves a scene, with its text: {principal, project_id, scene_id, body: {after_scene_id}}, where null is the
-- beginning; it comes into the chapter of the scene before it.
create function public.move_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene public.story_parts := private.open_scene(request);
  after_id constant uuid := private.read_id(coalesce(nullif(request -> 'body', 'null'), '{}'), 'after_scene_id');
  place record;
  new_number integer;
begin
  perform private.check_scene_is_there(scene);
  if after_id = scene.part_id then
    perform private.refuse(422, 'invalid_request', 'A scene cannot come behind itself: name another one.');
  end if;
  select * into place from private.place_behind(scene.project_id, after_id);
  new_number := place.number - (place.number > scene.number)::integer;
  update public.story_parts
  set number = case
        when part_id = scene.part_id then new_number
        when number > scene.number then number - 1
        else number + 1
      end,
      chapter_id = case when part_id = scene.part_id then place.chapter_id else chapter_id end
  where project_id = scene.project_id and kind = 'scene'
    and (part_id = scene.part_id
      or number > scene.number and number <= new_number
      or number < scene.number and number >= new_number);
  select * into scene from public.story_parts where part_id = scene.part_id;
  return private.answer(private.scene_body(scene, true), etag => scene.last_version::text);
end
$$;

-- Takes a scene out of the story: {principal, project_id, scene_id, if_match}. Its text is kept, and what the
-- dossier knows from it alone is known no more, until the scene is restored.
create function public.delete_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene public.story_parts := private.open_scene(request);
begin
  perform private.check_version(request ->> 'if_match', scene.last_version::text);
  if scene.number is not null then
    update public.sessions
    set active_leaf_id = (
      select message_id from public.messages
      where messages.session_id = scene.session_id and parent_id is null
      order by position
      limit 1)
    where session_id = scene.session_id and scene.message_id is not null;
    update public.story_parts
    set deleted_number = number, number = null, deleted_at = clock_timestamp()
    where part_id = scene.part_id;
    perform private.shift_story_parts(scene.project_id, 'scene', scene.number + 1, -1);
  end if;
  return private.answer('{"message": "The scene is deleted: it can be restored."}');
end
$$;

-- Brings a deleted scene back to its chapter, at its old number if that is there: {principal, project_id,
-- scene_id}.
create function public.restore_scene(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  scene public.story_parts := private.open_scene(request);
  first_number integer;
  last_number integer;
  new_number integer;
begin
  if scene.number is null then
    select min(other.number), max(other.number) into first_number, last_number
    from public.story_parts other
    where other.chapter_id = scene.chapter_id and other.number is not null;
    if first_number is null then
      select 1 + coalesce(max(earlier.number), 0) into new_number
      from public.story_parts chapter
      join public.story_parts known
        on known.project_id = chapter.project_id and known.kind = 'chapter'
        and known.number < chapter.number
      join public.story_parts earlier on earlier.chapter_id = known.part_id
      where chapter.part_id = scene.chapter_id;
    else
      new_number := least(greatest(scene.deleted_number, first_number), last_number + 1);
    end if;
    perform private.shift_story_parts(scene.project_id, 'scene', new_number, 1);
    update public.story_parts
    set number = new_number, deleted_at = null, deleted_number = null
    where part_id = scene.part_id
    returning * into scene;
    if scene.message_id is not null then
      update public.sessions set active_leaf_id = scene.message_id
      where session_id = scene.session_id;
      perform private.mark_for_extraction(scene.session_id, array[scene.message_id]);
    end if;
  end if;
  return private.answer(private.scene_body(scene, true), etag => scene.last_version::text);
end
$$;

revoke all on function
  private.open_scene(jsonb),
  private.check_scene_is_there(public.story_parts),
  public.read_scene(jsonb),
  private.place_behind(uuid, uuid),
  public.insert_scene(jsonb),
  public.move_scene(jsonb),
  public.delete_scene(jsonb),
  public.restore_scene(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.open_scene(jsonb),
  private.check_scene_is_there(public.story_parts),
  public.read_scene(jsonb),
  private.place_behind(uuid, uuid),
  public.insert_scene(jsonb),
  public.move_scene(jsonb),
  public.delete_scene(jsonb),
  public.restore_scene(jsonb)
to service_role;

-- The caller's kept answers: {principal}; the body is {entries, running, hits, bytes, by_route, oldest_at,
-- newest_at}.
create function public.story_cache_stats(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
begin
  return private.answer((
    select jsonb_build_object(
      'entries', count(*) filter (where body is not null),
      'running', count(*) filter (where body is null),
      'hits', coalesce(sum(hits), 0),
      'bytes', coalesce(sum(octet_length(body::text)), 0),
      'by_route', coalesce((
        select jsonb_object_agg(counted.route, counted.entries)
        from (
          select route, count(*) as entries from public.story_cache
          where owner_id = principal_id and body is not null
          group by route
        ) counted), '{}'),
      'oldest_at', private.iso(min(created_at) filter (where body is not null)),
      'newest_at', private.iso(max(created_at) filter (where body is not null)))
    from public.story_cache
    where owner_id = principal_id));
end
$$;

-- Forgets the caller's kept answers: {principal}; the body is {deleted}. Tasks that are open go on.
create function public.clear_story_cache(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  deleted_count integer;
begin
  delete from public.story_cache where owner_id = principal_id and body is not null;
  get diagnostics deleted_count = row_count;
  return private.answer(jsonb_build_object('deleted', deleted_count));
end
$$;

revoke all on function
  public.story_cache_stats(jsonb),
  public.clear_story_cache(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  public.story_cache_stats(jsonb),
  public.clear_story_cache(jsonb)
to service_role;

-- How long a text is in a story's unit: words, or characters that are not blank where a language has no spaces.
create function private.story_length(content text, unit text) returns integer
language sql immutable parallel safe
return case
  when unit = 'characters' then char_length(regexp_replace(content, '\s', '', 'g'))
  when content ~ '\S' then regexp_count(btrim(content, E' \t\r\n'), '\s+') + 1
  else 0
end;

revoke all on function private.story_length(text, text) from public, anon, authenticated, service_role;
grant execute on function private.story_length(text, text) to service_role;

-- The result of a task, as its route's answer; while the task is open it is what there is so far.

create function private.story_result(job public.jobs) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  route constant text := job.payload ->> 'route';
  story public.stories;
  last_step public.job_steps;
  is_complete boolean;
begin
  select * into story from public.stories where project_id = job.project_id;
  select * into last_step from public.job_steps
  where job_id = job.job_id and status = 'done'
  order by step desc
  limit 1;
  is_complete := coalesce((last_step.result ->> 'is_complete')::boolean,
    job.status = 'done' and story.scenes_written = story.scenes);
  return case
    when route in ('ideas', 'setup') then (
      select jsonb_build_object(route, step.result -> 'value')
      from public.job_steps step
      where step.job_id = job.job_id and step.result ->> 'did' = route
      limit 1)
    when route = 'premise' then (
      -- The person's own premise may be current.
      select jsonb_build_object('premise', made.content -> 'text')
      from public.story_versions made
      join public.story_parts part on part.part_id = made.part_id and part.kind = 'premise'
      where made.job_id = job.job_id
      order by made.version desc
      limit 1)
    when route in ('outline', 'refine') then case when story.scenes > 0 then jsonb_build_object(
      'outline', private.story_outline(job.project_id), 'is_structured', true) end
    when route = 'start' then jsonb_build_object(
      'story', private.story_text(job.project_id),
      'premise', private.premise_text(job.project_id),
      'outline', private.story_outline(job.project_id),
      'is_complete', is_complete, 'iterations', story.scenes_written)
    when route = 'continue' then jsonb_build_object(
      'continuation', (
        select coalesce(string_agg(message.content, E'\n\n' order by part.number), '')
        from public.story_parts part
        join public.story_versions made
          on made.part_id = part.part_id and made.version = part.text_version
        join public.messages message on message.message_id = made.message_id
        where part.project_id = job.project_id and part.kind = 'scene' and part.number is not null
          and made.job_id = job.job_id),
      'is_complete', is_complete)
    when route = 'scene' then (
      select jsonb_build_object(
        'scene', private.scene_body(part, true),
        'text', message.content, 'version', made.version,
        'is_current', part.text_version = made.version)
      from public.story_versions made
      join public.story_parts part on part.part_id = made.part_id
      join public.messages message on message.message_id = made.message_id
      where made.job_id = job.job_id
      order by made.version desc
      limit 1)
    else jsonb_build_object(
      'story', private.story_text(job.project_id),
      'premise', private.premise_text(job.project_id),
      'outline', private.story_outline(job.project_id),
      'is_complete', is_complete, 'word_count', story.length_written,
      'project_id', job.project_id)
  end;
end
$$;

-- A scene as the person sees it.
create function private.scene_body(scene public.story_parts, with_text boolean) returns jsonb
language sql stable set search_path = ''
return scene.plan || jsonb_build_object(
  'scene_id', scene.part_id,
  'number', scene.number,
  'chapter', (select number from public.story_parts where part_id = scene.chapter_id),
  'length', scene.length,
  'state', case
    when scene.number is null then 'deleted'
    when scene.message_id is not null then 'written'
    when scene.draft <> '' then 'writing'
    else 'planned'
  end,
  'version', scene.last_version,
  'plan_version', scene.plan_version,
  'text_version', scene.text_version,
  'is_locked', scene.is_locked,
  'is_edited', scene.is_plan_edited or scene.is_text_edited,
  'updated_at', private.iso(scene.updated_at))
  || case when with_text then jsonb_build_object('text', (
    select content from public.messages where message_id = scene.message_id)) else '{}' end;

revoke all on function
  private.story_result(public.jobs),
  private.scene_body(public.story_parts, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.story_result(public.jobs),
  private.scene_body(public.story_parts, boolean)
to service_role;

-- Stores what a step of a story has made (jobs/has_job_hook.sql). The result is {did, asked?, made?, findings?:
-- [{rule, message}], model?, prompt?, progress?, message?, is_last_step?} and, by `did`:
--   premise {text}; chapters {title?, chapters}; outline {title?, chapter?, scenes}
--   piece {part_id, text, is_rejected?}; scene {part_id, text, rejected_text?}; recap {part_id, text}
--   ideas and setup {value}; done {is_complete}
-- The answer is {is_current}: false if the person's own text or lock has kept what was made from being used.

-- A piece: is appended to the draft of the scene that is being written, or to the text of one that was written
-- before. A rejected one is only kept.
create function private.store_piece(
  story public.stories, job public.jobs, part public.story_parts, outcome jsonb, made jsonb
) returns boolean
language plpgsql set search_path = '' as $$
declare
  is_draft constant boolean := part.message_id is null
    or coalesce(part.part_id = (private.next_scene(job)).part_id, false);
  is_rejected constant boolean := coalesce(
    (outcome ->> 'is_rejected')::boolean, (outcome ->> 'rejected')::boolean, false);
  is_kept_out constant boolean := not is_draft and (part.is_locked or part.is_text_edited);
  piece constant text := btrim(outcome ->> 'text', E' \t\r\n');
  known_text text;
begin
  if is_rejected or is_kept_out then
    part := private.add_story_version(part, 'text', made || jsonb_build_object(
      'content', jsonb_build_object('text', piece), 'is_rejected', is_rejected,
      'length', private.story_length(piece, story.settings ->> 'unit')));
  elsif not is_draft then
    select content into known_text from public.messages where message_id = part.message_id;
    part := private.write_scene_text(part, known_text || E'\n\n' || piece, made);
  end if;
  update public.story_parts
  set draft = case
        when is_rejected or not is_draft then draft
        when draft = '' then piece
        else draft || E'\n\n' || piece
      end,
      pieces = pieces + (not is_rejected)::integer,
      retries = case when is_rejected then retries + 1 else 0 end,
      findings = case when is_rejected then coalesce(outcome -> 'findings', '[]') else '[]' end
  where part_id = part.part_id;
  if not is_draft then
    update public.stories set extra_pieces = extra_pieces + 1 where project_id = story.project_id;
  end if;
  return not is_kept_out;
end
$$;

-- A whole scene.
create function private.store_scene(
  story public.stories, job public.jobs, part public.story_parts, outcome jsonb, made jsonb
) returns boolean
language plpgsql set search_path = '' as $$
declare
  was_written constant boolean := part.message_id is not null;
  is_wanted constant boolean := coalesce(part.part_id = (private.next_scene(job)).part_id, false);
begin
  if nullif(outcome ->> 'rejected_text', '') is not null then
    part := private.add_story_version(part, 'text', made || jsonb_build_object(
      'content', jsonb_build_object('text', outcome -> 'rejected_text'), 'is_rejected', true,
      'length', private.story_length(outcome ->> 'rejected_text', story.settings ->> 'unit')));
  end if;
  part := private.write_scene_text(part, btrim(outcome ->> 'text', E' \t\r\n'), made);
  update public.story_parts set draft = '', pieces = 0, retries = 0, findings = '[]'
  where part_id = part.part_id;
  if was_written and not is_wanted then
    update public.stories set extra_pieces = extra_pieces + 1 where project_id = story.project_id;
  end if;
  if job.payload ->> 'route' = 'scene' then
    update public.jobs set payload = payload || '{"is_scene_written": true}'
    where job_id = job.job_id;
  end if;
  return part.text_version = part.last_version;
end
$$;

-- A recap is of the text that the step was given; if that has changed since, it is made again.
create function private.store_recap(step public.job_steps, part public.story_parts, recap_text text)
returns void
language plpgsql set search_path = '' as $$
declare
  max_characters constant integer := 4000;
  given constant jsonb := step.payload -> 'unrecapped';
begin
  update public.story_parts
  set recap = left(btrim(recap_text), max_characters),
      recap_of = (given ->> 'version')::integer
  where part_id = part.part_id
    and (given ->> 'part_id')::uuid = part.part_id
    and (given ->> 'version')::integer = case
      when part.kind = 'scene' then part.text_version else private.recaps_version(part.part_id) end;
end
$$;

create function private.store_story_result(
  job public.jobs, step public.job_steps, outcome jsonb
) returns boolean
language plpgsql set search_path = '' as $$
declare
  did constant text := outcome ->> 'did';
  made constant jsonb := jsonb_build_object(
    'made_by', 'model', 'job_id', job.job_id, 'model', outcome -> 'model', 'prompt', outcome -> 'prompt',
    'findings', coalesce(nullif(outcome -> 'findings', 'null'), '[]'))
    || case when jsonb_typeof(outcome -> 'length') = 'number'
      then jsonb_build_object('length', outcome -> 'length') else '{}' end;
  story public.stories;
  part public.story_parts;
begin
  select * into story from public.stories where project_id = job.project_id for no key update;
  if outcome ->> 'title' is not null and story.title = '' then
    update public.stories set title = left(btrim(outcome ->> 'title'), 200)
    where project_id = job.project_id;
  end if;
  if did in ('piece', 'scene', 'recap') then
    select * into part from public.story_parts
    where part_id = private.read_id(outcome, 'part_id') and project_id = job.project_id;
    if not found then
      perform private.refuse_story_part();
    end if;
  end if;
  case did
    when 'premise' then
      part := private.write_premise(story, btrim(outcome ->> 'text'), made);
      return part.text_version = part.last_version;
    when 'chapters' then
      perform private.write_chapters(story, outcome -> 'chapters', made);
    when 'outline' then
      part := private.write_outline(
        story, (outcome ->> 'chapter')::integer, outcome -> 'scenes', made);
      return part.plan_version = part.last_version;
    when 'piece' then
      return private.store_piece(story, job, part, outcome, made);
    when 'scene' then
      return private.store_scene(story, job, part, outcome, made);
    when 'recap' then
      perform private.store_recap(step, part, outcome ->> 'text');
    when 'ideas', 'setup', 'done' then
      null;
    else
      perform private.refuse(422, 'invalid_request', 'did must say what the step has done.');
  end case;
  return true;
end
$$;

create function private.story_store(
  job public.jobs, step public.job_steps, made jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  outcome constant jsonb := made -> 'result';
  is_last constant boolean := coalesce(
    (outcome ->> 'is_last_step')::boolean, outcome ->> 'did' = 'done');
  is_current boolean;
begin
  if (made ->> 'already')::boolean then
    return jsonb_build_object('answer', jsonb_build_object(
      'is_current', coalesce(step.result -> 'is_current', 'true')));
  end if;
  is_current := private.store_story_result(job, step, outcome);
  update public.stories
  set asked = asked + greatest(coalesce((outcome ->> 'asked')::bigint, 0), 0),
      made = stories.made + greatest(coalesce((outcome ->> 'made')::bigint, 0), 0)
  where project_id = job.project_id and outcome ?| array['asked', 'made'];
  update public.jobs
  set progress = greatest(progress, least(coalesce((outcome ->> 'progress')::integer, 0), 99)),
      message = coalesce(left(outcome ->> 'message', 500), message)
  where job_id = job.job_id
  returning * into job;
  delete from public.story_drafts
  where story_drafts.job_id = job.job_id and story_drafts.step = story_store.step.step;
  perform private.tell_story_step(job, outcome, is_current);
  return jsonb_build_object(
    'answer', jsonb_build_object('is_current', is_current),
    'result', outcome - array['text', 'rejected_text', 'scenes', 'chapters']
      || jsonb_build_object('is_current', is_current),
    'has_more', not is_last);
end
$$;

-- Tells watchers what a step has made.
create function private.tell_story_step(job public.jobs, outcome jsonb, is_current boolean)
returns void
language plpgsql set search_path = '' as $$
declare
  part public.story_parts;
begin
  select * into part from public.story_parts
  where part_id = private.read_id(outcome, 'part_id') and project_id = job.project_id;
  perform private.add_story_event(job.job_id, 'finding', finding || jsonb_build_object(
    'part_id', part.part_id, 'number', part.number))
  from jsonb_array_elements(case when jsonb_typeof(outcome -> 'findings') = 'array'
    then outcome -> 'findings' else '[]' end) finding
  where jsonb_typeof(finding) = 'object';
  if outcome ->> 'did' <> 'done' then
    perform private.add_story_event(job.job_id, 'part', jsonb_strip_nulls(jsonb_build_object(
      'kind', case when part.part_id is null or outcome ->> 'did' in ('piece', 'recap')
        then outcome ->> 'did' else part.kind end,
      'part_id', part.part_id, 'number', part.number, 'title', part.plan ->> 'title',
      'length', case when part.kind = 'scene' then part.length end,
      'is_current', is_current)));
  end if;
  perform private.add_story_event(job.job_id, 'progress', jsonb_build_object(
    'progress', job.progress, 'message', job.message));
end
$$;

revoke all on function
  private.store_piece(public.stories, public.jobs, public.story_parts, jsonb, jsonb),
  private.store_scene(public.stories, public.jobs, public.story_parts, jsonb, jsonb),
  private.store_recap(public.job_steps, public.story_parts, text),
  private.store_story_result(public.jobs, public.job_steps, jsonb),
  private.story_store(public.jobs, public.job_steps, jsonb),
  private.tell_story_step(public.jobs, jsonb, boolean)
from public, anon, authenticated, service_role;
grant execute on function
  private.store_piece(public.stories, public.jobs, public.story_parts, jsonb, jsonb),
  private.store_scene(public.stories, public.jobs, public.story_parts, jsonb, jsonb),
  private.store_recap(public.job_steps, public.story_parts, text),
  private.store_story_result(public.jobs, public.job_steps, jsonb),
  private.story_store(public.jobs, public.job_steps, jsonb),
  private.tell_story_step(public.jobs, jsonb, boolean)
to service_role;

-- Tasks of stories for their owner. A task is a job of the kind `story`, whose id callers know as task_id.

-- The task, which is the principal's, locked with its project if it is to be changed; refused otherwise.
create function private.own_story_task(request jsonb, is_locked boolean) returns public.jobs
language plpgsql set search_path = '' as $$
declare
  principal_id constant uuid := private.resolve_principal(request -> 'principal');
  wanted_id constant uuid := private.read_id(request, 'task_id');
  job public.jobs;
begin
  select * into job from public.jobs
  where job_id = wanted_id and owner_id = principal_id and kind = 'story';
  if found and is_locked then
    perform from public.projects where project_id = job.project_id for share;
    select * into job from public.jobs
    where job_id = wanted_id and owner_id = principal_id and kind = 'story'
    for no key update;
  end if;
  if job.job_id is null then
    perform private.refuse(404, 'not_found',
      'There is no such task: use the task_id that it was begun with. A task is kept for 7 days.');
  end if;
  return job;
end
$$;

create function private.story_task_body(job public.jobs, with_result boolean) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object('language', settings -> 'language', 'unit', settings -> 'unit')
  from public.stories where stories.project_id = job.project_id)
  || jsonb_build_object(
  'task_id', job.job_id,
  'project_id', job.project_id,
  'route', job.payload -> 'route',
  'status', private.story_task_status(job.status),
  'progress', job.progress,
  'message', coalesce(job.message, case
    when job.finished_at is null then 'The task waits for its first step.'
    else 'The task ended before its first step.'
  end),
  'created_at', private.iso(job.created_at),
  'updated_at', private.iso(coalesce(job.finished_at, (
    select created_at from public.story_events where job_id = job.job_id order by seq desc limit 1),
    job.created_at)))
  || case when job.payload ? 'adjustments'
    then jsonb_build_object('adjustments', job.payload -> 'adjustments') else '{}' end
  || case when job.status in ('failed', 'running') and job.error is not null
    then jsonb_build_object('error', jsonb_build_object(
      'code', coalesce(substring(job.error from '^([a-z_]+): '), 'provider_error'),
      'message', job.error)) else '{}' end
  || case when with_result
    then jsonb_build_object('result', private.story_result(job)) else '{}' end;

-- How far a task is, with what it has made: {principal, task_id}.
create function public.read_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job constant public.jobs := private.own_story_task(request, false);
begin
  return private.answer(private.story_task_body(job, true));
end
$$;

-- For whoever watches a task: {principal, task_id, after_seq?, draft_step?, draft_after_bytes?}; returns
-- read_story_task's body, with the result only when the task has ended, and events: [{seq, type, body}] after
-- after_seq, draft: {step, part, attempt, from_byte, text} | null, the running step's text after
-- draft_after_bytes if draft_step is that step, and reading_session_id | null, the session of a scene that is
-- still to be read for the dossier.
create function public.watch_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  max_events constant integer := 200;
  job constant public.jobs := private.own_story_task(request, false);
  step public.job_steps;
begin
  select * into step from public.job_steps
  where job_id = job.job_id
  order by job_steps.step desc
  limit 1;
  return private.story_task_body(job, job.finished_at is not null) || jsonb_build_object(
    'events', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'seq', event.seq, 'type', event.type, 'body', event.body) order by event.seq), '[]')
      from (
        select * from public.story_events
        where job_id = job.job_id and seq > coalesce((request ->> 'after_seq')::integer, 0)
        order by seq
        limit max_events
      ) event),
    'draft', private.draft_beyond(step, case
      when (request ->> 'draft_step')::integer = step.step
        then coalesce((request ->> 'draft_after_bytes')::integer, 0) else 0 end),
    'reading_session_id', private.scene_to_read(job.project_id));
end
$$;

-- The saved text of a step after so many bytes; from the beginning if less is saved, because an attempt
-- has begun anew. Null if nothing is saved.
create function private.draft_beyond(step public.job_steps, after_bytes integer) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  saved_bytes integer;
  saved_attempt integer;
  start integer;
  bytes bytea;
begin
  select draft.from_byte + octet_length(draft.text), draft.attempt into saved_bytes, saved_attempt
  from public.story_drafts draft
  where draft.job_id = step.job_id and draft.step = step.step
  order by draft.from_byte desc
  limit 1;
  if not found then
    return null;
  end if;
  select convert_to(string_agg(draft.text, '' order by draft.from_byte), 'UTF8') into bytes
  from public.story_drafts draft
  where draft.job_id = step.job_id and draft.step = step.step;
  start := case when after_bytes <= saved_bytes then greatest(after_bytes, 0) else 0 end;
  -- A caller's number may be inside a character.
  while start < saved_bytes and get_byte(bytes, start) & 192 = 128 loop
    start := start - 1;
  end loop;
  return jsonb_build_object(
    'step', step.step, 'part', step.payload -> 'part', 'attempt', saved_attempt, 'from_byte', start,
    'text', convert_from(substr(bytes, start + 1), 'UTF8'));
end
$$;

-- The session of the project's last written scene, if a job that reads it is open.
create function private.scene_to_read(wanted_project_id uuid) returns uuid
language sql stable set search_path = ''
return (
  select last_scene.session_id
  from (
    select scene.session_id from public.story_parts scene
    where scene.project_id = wanted_project_id and scene.kind = 'scene' and scene.number is not null
      and scene.message_id is not null
    order by scene.number desc
    limit 1
  ) last_scene
  where exists (
    select from public.jobs reading
    where reading.session_id = last_scene.session_id and reading.kind = 'dossier_extraction'
      and reading.status in ('queued', 'running')));

-- {principal, task_id}: ends a task; what it has written stays. A task that has ended does not change.
create function public.cancel_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_story_task(request, true);
begin
  if job.status in ('queued', 'running', 'paused') then
    job := private.drop_job(job.job_id);
  end if;
  return private.answer(private.story_task_body(job, false));
end
$$;

-- {principal, task_id}: no step is begun until the task is resumed; one that is running is finished and stored.
create function public.pause_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_story_task(request, true);
begin
  perform public.pause_job(request || jsonb_build_object('job_id', job.job_id));
  select * into job from public.jobs where job_id = job.job_id;
  return private.answer(private.story_task_body(job, false));
end
$$;

-- {principal, task_id}
create function public.resume_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_story_task(request, true);
begin
  perform public.resume_job(request || jsonb_build_object('job_id', job.job_id));
  select * into job from public.jobs where job_id = job.job_id;
  return private.answer(private.story_task_body(job, false));
end
$$;

-- Goes on with a task that has failed, from the step that was given up: {principal, task_id}.
create function public.retry_story_task(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  job public.jobs := private.own_story_task(request, true);
begin
  if job.status <> 'failed' then
    perform private.refuse(422, 'invalid_request',
      'This task has not failed: only what was given up is tried again.');
  end if;
  perform public.retry_step(request || jsonb_build_object('job_id', job.job_id, 'step', (
    select max(step) from public.job_steps where job_id = job.job_id and status = 'failed')));
  select * into job from public.jobs where job_id = job.job_id;
  if private.is_story_cached(job.payload ->> 'route') then
    insert into public.story_cache (owner_id, project_id, cache_key, route, job_id, created_at)
    values (job.owner_id, job.project_id, job.payload ->> 'cache_key', job.payload ->> 'route', job.job_id,
      clock_timestamp());
  end if;
  return private.answer(private.story_task_body(job, false), 202);
end
$$;

revoke all on function
  private.own_story_task(jsonb, boolean),
  private.story_task_body(public.jobs, boolean),
  public.read_story_task(jsonb),
  public.watch_story_task(jsonb),
  private.draft_beyond(public.job_steps, integer),
  private.scene_to_read(uuid),
  public.cancel_story_task(jsonb),
  public.pause_story_task(jsonb),
  public.resume_story_task(jsonb),
  public.retry_story_task(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.own_story_task(jsonb, boolean),
  private.story_task_body(public.jobs, boolean),
  public.read_story_task(jsonb),
  public.watch_story_task(jsonb),
  private.draft_beyond(public.job_steps, integer),
  private.scene_to_read(uuid),
  public.cancel_story_task(jsonb),
  public.pause_story_task(jsonb),
  public.resume_story_task(jsonb),
  public.retry_story_task(jsonb)
to service_role;

-- The input of a step of a story (jobs/has_job_hook.sql): what the planner needs to say what the step does.
-- Its cost does not grow with the story: totals are in the story's row, texts are read of the two scenes before
-- the next one only, recaps of earlier chapters are in the chapters' rows.

-- The scene that the task writes next: the one that is to be written anew, or the first without a text; null
-- if there is none.
create function private.next_scene(job public.jobs) returns public.story_parts
language plpgsql stable set search_path = '' as $$
declare
  scene public.story_parts;
begin
  if job.payload ->> 'route' = 'scene' then
    if not coalesce((job.payload ->> 'is_scene_written')::boolean, false) then
      select * into scene from public.story_parts
      where part_id = private.read_id(job.payload -> 'given', 'scene_id') and number is not null;
    end if;
  else
    select * into scene from public.story_parts
    where project_id = job.project_id and kind = 'scene' and number is not null and message_id is null
    order by number
    limit 1;
  end if;
  return scene;
end
$$;

-- The last two written scenes before this number, the nearer one first; their texts' last characters.
create function private.scenes_before(wanted_project_id uuid, before_number integer) returns jsonb
language sql stable set search_path = ''
return (
  select coalesce(jsonb_agg(jsonb_build_object(
      'part_id', earlier.part_id, 'number', earlier.number, 'title', earlier.plan ->> 'title',
      'length', earlier.length, 'text', right(message.content, 6000))
    order by earlier.number desc), '[]')
  from (
    select scene.* from public.story_parts scene
    where scene.project_id = wanted_project_id and scene.kind = 'scene'
      and scene.number < before_number and scene.message_id is not null
    order by scene.number desc
    limit 2
  ) earlier
  cross join lateral (
    select content from public.messages where message_id = earlier.message_id limit 1
  ) message);

-- Tells different recaps of a chapter's scenes from each other.
create function private.recaps_version(wanted_chapter_id uuid) returns integer
language sql stable set search_path = ''
return (
  select hashtext(string_agg(scene.number || ':' || scene.recap, E'\n' order by scene.number))
  from public.story_parts scene
  where scene.chapter_id = wanted_chapter_id and scene.number is not null);

-- The first scene whose text has no recap, or the first chapter of a novel whose scenes have all been written
-- and recapped, and that has none.
create function private.next_without_recap(story public.stories) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  part public.story_parts;
begin
  select * into part from public.story_parts
  where project_id = story.project_id and kind = 'scene' and number is not null
    and message_id is not null and recap_of is distinct from text_version
  order by number
  limit 1;
  if found then
    return jsonb_build_object(
      'part_id', part.part_id, 'kind', 'scene', 'number', part.number, 'title', part.plan ->> 'title',
      'description', part.plan ->> 'description', 'version', part.text_version,
      'text', (select content from public.messages where message_id = part.message_id));
  end if;
  if story.chapters < 2 then
    return null;
  end if;
  select * into part from public.story_parts chapter
  where chapter.project_id = story.project_id and chapter.kind = 'chapter' and chapter.number is not null
    and chapter.is_outlined and chapter.recap_of is null
    and exists (
      select from public.story_parts scene
      where scene.chapter_id = chapter.part_id and scene.number is not null)
    and not exists (
      select from public.story_parts scene
      where scene.chapter_id = chapter.part_id and scene.number is not null
        and scene.message_id is null)
  order by chapter.number
  limit 1;
  if not found then
    return null;
  end if;
  return jsonb_build_object(
    'part_id', part.part_id, 'kind', 'chapter', 'number', part.number, 'title', part.plan ->> 'title',
    'description', part.plan ->> 'description',
    'version', private.recaps_version(part.part_id),
    'recaps', (
      select jsonb_agg(jsonb_build_object(
        'number', scene.number, 'title', scene.plan ->> 'title', 'recap', scene.recap)
        order by scene.number)
      from public.story_parts scene
      where scene.chapter_id = part.part_id and scene.number is not null));
end
$$;

-- Whether the scene before this one is still being read for the dossier, by a job that has begun lately.
create function private.is_scene_being_read(wanted_project_id uuid, before_number integer)
returns boolean
language sql stable set search_path = ''
return exists (
  select from (
    select scene.session_id from public.story_parts scene
    where scene.project_id = wanted_project_id and scene.kind = 'scene'
      and scene.number < before_number and scene.message_id is not null
    order by scene.number desc
    limit 1
  ) earlier
  join public.jobs reading
    on reading.session_id = earlier.session_id and reading.kind = 'dossier_extraction'
  where reading.status in ('queued', 'running')
    and reading.created_at > clock_timestamp() - interval '90 seconds');

-- The text that a dead attempt at this step has saved; null if there is none.
create function private.saved_story_draft(step public.job_steps) returns jsonb
language sql stable set search_path = ''
return (
  select jsonb_build_object(
    'text', string_agg(draft.text, '' order by draft.from_byte),
    'attempt', min(draft.attempt), 'asked', max(draft.asked))
  from public.story_drafts draft
  where draft.job_id = step.job_id and draft.step = step.step
  having count(*) > 0);

create function private.story_work(
  job public.jobs, step public.job_steps, nothing jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_fact_bytes constant integer := 8000;
  story public.stories;
  scene public.story_parts;
  chapter public.story_parts;
  premise public.story_parts;
  outline public.story_parts;
  unrecapped jsonb;
  facts jsonb;
  before_number integer;
begin
  select * into story from public.stories where project_id = job.project_id;
  if not found then
    perform private.drop_job(job.job_id);
    return null;
  end if;
  scene := private.next_scene(job);
  before_number := coalesce(scene.number, 2147483647);
  unrecapped := private.next_without_recap(story);
  -- A recap needs no facts: it is made meanwhile.
  if scene.part_id is not null and scene.draft = ''
    and (unrecapped is null or job.payload ->> 'route' = 'scene')
    and private.is_scene_being_read(job.project_id, before_number)
  then
    perform private.postpone_step(step, clock_timestamp() + interval '1 second');
    return null;
  end if;
  -- When all is written, the last scene may be extended.
  select * into chapter from public.story_parts
  where part_id = coalesce(scene.chapter_id, (
    select last_scene.chapter_id from public.story_parts last_scene
    where last_scene.project_id = job.project_id and last_scene.kind = 'scene'
      and last_scene.number is not null
    order by last_scene.number desc
    limit 1));
  select * into premise from public.story_parts
  where project_id = job.project_id and kind = 'premise' and number = 1;
  select * into outline from public.story_parts
  where project_id = job.project_id and kind = 'outline' and number = 1;
  select case
    when octet_length(dossier.facts_json ->> 'text') <= max_fact_bytes
      then dossier.facts_json - 'lines'
    when dossier.facts_json ? 'lines'
      then private.facts_within(dossier.facts_json, max_fact_bytes, '{}')
  end into facts
  from public.dossiers dossier
  where dossier.project_id = job.project_id;
  -- Which part a watcher sees growing, and what a recap is of.
  update public.job_steps claimed
  set payload = claimed.payload || jsonb_build_object(
    'part', case when scene.part_id is not null then jsonb_build_object(
      'kind', 'scene', 'part_id', scene.part_id, 'number', scene.number,
      'title', scene.plan ->> 'title') end,
    'unrecapped', unrecapped - array['text', 'recaps', 'title', 'description'])
  where claimed.job_id = step.job_id and claimed.step = story_work.step.step;

  return jsonb_build_object(
    'payload', job.payload - 'given',
    'given', job.payload -> 'given',
    'story', jsonb_build_object('settings', story.settings, 'title', story.title),
    'premise', case when premise.text_version is not null then jsonb_build_object(
      'text', private.premise_text(job.project_id),
      'is_locked', premise.is_locked or premise.is_text_edited) end,
    'outline', case when outline.plan_version is not null then jsonb_build_object(
      'version', outline.plan_version, 'is_locked', outline.is_locked)
      || case when job.payload ->> 'route' in ('outline', 'refine')
        then jsonb_build_object('scenes', private.story_outline(job.project_id)) else '{}' end
    end,
    'totals', jsonb_build_object(
      'chapters', story.chapters, 'scenes', story.scenes, 'scenes_written', story.scenes_written,
      'length_written', story.length_written, 'weight_left', story.weight_left, 'asked', story.asked,
      'made', story.made, 'extra_pieces', story.extra_pieces),
    'chapters', (
      select coalesce(jsonb_agg(jsonb_build_object(
          'part_id', known.part_id, 'number', known.number, 'title', coalesce(known.plan ->> 'title', ''),
          'description', coalesce(known.plan ->> 'description', ''),
          'key_events', coalesce(known.plan -> 'key_events', '[]'),
          'is_outlined', known.is_outlined, 'recap', known.recap)
        order by known.number), '[]')
      from public.story_parts known
      where known.project_id = job.project_id and known.kind = 'chapter' and known.number is not null),
    'next', case when scene.part_id is not null then (scene.plan || jsonb_build_object(
      'part_id', scene.part_id, 'number', scene.number, 'chapter', chapter.number,
      'weight', scene.weight, 'pieces', scene.pieces, 'retries', scene.retries, 'draft', scene.draft,
      'findings', scene.findings, 'is_written', scene.message_id is not null,
      'is_locked', scene.is_locked or scene.is_text_edited)) end,
    'is_last', scene.part_id is not null and not exists (
        select from public.story_parts
        where project_id = job.project_id and kind = 'scene' and number > scene.number)
      and not exists (
        select from public.story_parts
        where project_id = job.project_id and kind = 'chapter' and number > chapter.number),
    'previous', private.scenes_before(job.project_id, before_number),
    'recaps', (
      select coalesce(jsonb_agg(jsonb_build_object(
          'number', earlier.number, 'title', earlier.plan ->> 'title', 'recap', earlier.recap)
        order by earlier.number), '[]')
      from public.story_parts earlier
      where earlier.chapter_id = chapter.part_id and earlier.number < before_number
        and earlier.recap is not null),
    'later', (
      select coalesce(jsonb_agg(jsonb_build_object(
          'number', later.number, 'title', later.plan ->> 'title',
          'key_events', later.plan -> 'key_events') order by later.number), '[]')
      from (
        select * from public.story_parts
        where project_id = job.project_id and kind = 'scene' and number > scene.number
        order by number
        limit 3
      ) later),
    'unrecapped', unrecapped,
    'facts', coalesce(facts, '{"text": "", "fact_ids": []}'),
    'saved', private.saved_story_draft(step));
end
$$;

revoke all on function
  private.next_scene(public.jobs),
  private.scenes_before(uuid, integer),
  private.recaps_version(uuid),
  private.next_without_recap(public.stories),
  private.is_scene_being_read(uuid, integer),
  private.saved_story_draft(public.job_steps),
  private.story_work(public.jobs, public.job_steps, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.next_scene(public.jobs),
  private.scenes_before(uuid, integer),
  private.recaps_version(uuid),
  private.next_without_recap(public.stories),
  private.is_scene_being_read(uuid, integer),
  private.saved_story_draft(public.job_steps),
  private.story_work(public.jobs, public.job_steps, jsonb)
to service_role;

-- Stores what a request brings along: settings, premise, outline, the text so far, a scene to write anew. The
-- project is locked, and no task of its story is open.
create function private.take_givens(story public.stories, request jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  given constant jsonb := coalesce(nullif(request -> 'given', 'null'), '{}');
  by_person constant jsonb := '{"made_by": "person", "is_given": true}';
  first_scene public.story_parts;
begin
  if nullif(btrim(given ->> 'premise'), '') is not null
    and story.premise_hash is distinct from private.premise_hash(given ->> 'premise')
  then
    perform private.write_premise(story, btrim(given ->> 'premise'), by_person);
  end if;
  if jsonb_typeof(given -> 'outline') = 'array' and not (
    story.scenes = jsonb_array_length(given -> 'outline') and not exists (
      select from jsonb_array_elements(given -> 'outline') with ordinality as sent (plan, place)
      left join public.story_parts scene
        on scene.project_id = story.project_id and scene.kind = 'scene' and scene.number = sent.place
      where scene.plan is distinct from private.scene_plan(sent.plan)))
  then
    perform private.write_outline(story, 1, given -> 'outline', by_person);
  end if;
  if given ->> 'story_text' ~ '\S' and (
    select scenes_written = 0 from public.stories where project_id = story.project_id)
  then
    select * into first_scene from public.story_parts
    where project_id = story.project_id and kind = 'scene' and number is not null
    order by number
    limit 1;
    if not found then
      insert into public.story_parts (project_id, owner_id, kind, number, chapter_id, created_at)
      select chapter.project_id, chapter.owner_id, 'scene', 1, chapter.part_id, clock_timestamp()
      from private.open_chapter(story, 1) chapter
      returning * into first_scene;
    end if;
    perform private.write_scene_text(first_scene, given ->> 'story_text', by_person);
  end if;
  if request ->> 'route' = 'scene' then
    update public.story_parts set draft = '', pieces = 0, retries = 0, findings = '[]'
    where part_id = (
      private.open_story_part(story, 'scene', private.read_id(given, 'scene_id'))).part_id;
  end if;
end
$$;

revoke all on function private.take_givens(public.stories, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.take_givens(public.stories, jsonb) to service_role;

-- Scenes of an outline that stay as they are: written, edited or locked.
create function private.is_scene_kept(part public.story_parts) returns boolean
language sql immutable set search_path = ''
return part.message_id is not null or part.is_locked or part.is_plan_edited or part.draft <> '';

-- Gives a chapter these scenes: an array of plans, each with `weight` if it has one. Scene by scene: one that is
-- kept stays, another gets the new plan as a version, further ones are added, and what is left over is
-- deleted. A person's plans replace all that is not written. `made` as for private.add_story_version. The
-- project is locked.
create function private.write_scenes(chapter public.story_parts, plans jsonb, made jsonb)
returns void
language plpgsql set search_path = '' as $$
declare
  by_person constant boolean := made ->> 'made_by' = 'person';
  first_number integer;
  known public.story_parts[];
  part public.story_parts;
  sent record;
  next_number integer;
  added integer;
begin
  select coalesce(array_agg(scene order by scene.number), '{}') into known
  from public.story_parts scene
  where scene.chapter_id = chapter.part_id and scene.number is not null;
  -- A chapter without scenes begins behind the last scene of the chapters before it.
  first_number := coalesce(known[1].number, 1 + coalesce((
    select scene.number
    from public.story_parts earlier
    join public.story_parts scene on scene.chapter_id = earlier.part_id
    where earlier.project_id = chapter.project_id and earlier.kind = 'chapter'
      and earlier.number < chapter.number and scene.number is not null
    order by earlier.number desc, scene.number desc
    limit 1), 0));
  added := greatest(jsonb_array_length(plans) - cardinality(known), 0);
  perform private.shift_story_parts(
    chapter.project_id, 'scene', first_number + cardinality(known), added);
  for sent in
    select plan.value, plan.place::integer as place
    from jsonb_array_elements(plans) with ordinality as plan (value, place)
    order by plan.place
  loop
    if sent.place > cardinality(known) then
      insert into public.story_parts (
        project_id, owner_id, kind, number, chapter_id, plan, weight, created_at)
      values (
        chapter.project_id, chapter.owner_id, 'scene', first_number + sent.place - 1, chapter.part_id,
        private.scene_plan(sent.value),
        least(greatest(coalesce((sent.value ->> 'weight')::integer, 1), 1), 100), clock_timestamp())
      returning * into part;
    else
      part := known[sent.place];
      if not by_person and private.is_scene_kept(part) or private.scene_plan(sent.value) = part.plan then
        continue;
      end if;
      update public.story_parts
      set plan = private.scene_plan(sent.value),
          weight = least(greatest(coalesce((sent.value ->> 'weight')::integer, weight), 1), 100)
      where part_id = part.part_id
      returning * into part;
    end if;
    part := private.add_story_version(part, 'plan', made || jsonb_build_object('content', part.plan));
    update public.story_parts
    set plan_version = last_version, is_plan_edited = is_plan_edited or private.is_edit(made)
    where part_id = part.part_id;
  end loop;
  -- From the end, so that the numbers before stay.
  for place in reverse cardinality(known)..jsonb_array_length(plans) + 1 loop
    part := known[place];
    if part.message_id is not null or not by_person and private.is_scene_kept(part) then
      continue;
    end if;
    update public.story_parts set number = null, deleted_at = clock_timestamp()
    where part_id = part.part_id;
    perform private.shift_story_parts(chapter.project_id, 'scene', part.number + 1, -1);
  end loop;
  update public.story_parts set is_outlined = true where part_id = chapter.part_id and not is_outlined;
end
$$;

-- The chapter with this number; the story's first one is made if it has none.
create function private.open_chapter(story public.stories, wanted_number integer)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  chapter public.story_parts;
begin
  select * into chapter from public.story_parts
  where project_id = story.project_id and kind = 'chapter' and number = wanted_number;
  if not found then
    if wanted_number <> 1 then
      perform private.refuse_story_part();
    end if;
    insert into public.story_parts (project_id, owner_id, kind, number, plan, created_at)
    values (story.project_id, story.owner_id, 'chapter', 1, '{}', clock_timestamp())
    returning * into chapter;
  end if;
  return chapter;
end
$$;

-- Stores an outline, or the outline of one chapter: its version, and its scenes unless it is a model's and the
-- person has locked the outline. The project is locked.
create function private.write_outline(
  story public.stories, chapter_number integer, plans jsonb, made jsonb
) returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  max_scenes constant integer := 500;
  by_person constant boolean := made ->> 'made_by' = 'person';
  outline public.story_parts := private.open_story_part(story, 'outline', null);
begin
  if jsonb_typeof(plans) is distinct from 'array' or jsonb_array_length(plans) not between 1 and max_scenes
    or exists (select from jsonb_array_elements(plans) sent where jsonb_typeof(sent) <> 'object')
  then
    perform private.refuse(422, 'invalid_request',
      format('An outline must be an array of 1 to %s scenes.', max_scenes));
  end if;
  outline := private.add_story_version(outline, 'plan', made || jsonb_build_object(
    'content', jsonb_build_object('chapter', chapter_number, 'scenes', plans)));
  if by_person or not outline.is_locked then
    update public.story_parts
    set plan_version = last_version, is_plan_edited = is_plan_edited or private.is_edit(made)
    where part_id = outline.part_id
    returning * into outline;
    perform private.write_scenes(
      private.open_chapter(story, coalesce(chapter_number, 1)), plans, made);
  end if;
  return outline;
end
$$;

-- Stores the chapters of a novel: [{number, title, description, key_events}]. Chapters that have scenes
-- already stay as they are. The project is locked.
create function private.write_chapters(story public.stories, plans jsonb, made jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  max_chapters constant integer := 50;
  sent record;
  chapter public.story_parts;
begin
  if jsonb_typeof(plans) is distinct from 'array'
    or jsonb_array_length(plans) not between 1 and max_chapters
  then
    perform private.refuse(422, 'invalid_request',
      format('chapters must be an array of 1 to %s chapters.', max_chapters));
  end if;
  for sent in
    select private.scene_plan(plan.value) - array['characters', 'image_prompt', 'narration'] as plan,
      plan.place::integer as place
    from jsonb_array_elements(plans) with ordinality as plan (value, place)
  loop
    select * into chapter from public.story_parts
    where project_id = story.project_id and kind = 'chapter' and number = sent.place;
    if not found then
      insert into public.story_parts (project_id, owner_id, kind, number, plan, created_at)
      values (story.project_id, story.owner_id, 'chapter', sent.place, sent.plan, clock_timestamp())
      returning * into chapter;
    elsif chapter.is_outlined or chapter.is_plan_edited or chapter.is_locked then
      continue;
    else
      update public.story_parts set plan = sent.plan where part_id = chapter.part_id
      returning * into chapter;
    end if;
    chapter := private.add_story_version(chapter, 'plan', made || jsonb_build_object(
      'content', sent.plan));
    update public.story_parts set plan_version = last_version where part_id = chapter.part_id;
  end loop;
end
$$;

revoke all on function
  private.is_scene_kept(public.story_parts),
  private.write_scenes(public.story_parts, jsonb, jsonb),
  private.open_chapter(public.stories, integer),
  private.write_outline(public.stories, integer, jsonb, jsonb),
  private.write_chapters(public.stories, jsonb, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_scene_kept(public.story_parts),
  private.write_scenes(public.story_parts, jsonb, jsonb),
  private.open_chapter(public.stories, integer),
  private.write_outline(public.stories, integer, jsonb, jsonb),
  private.write_chapters(public.stories, jsonb, jsonb)
to service_role;

-- Stores a premise, as `made` says (private.add_story_version); it becomes current unless it is a model's and
-- the person has written or locked the premise. The project is locked.
create function private.write_premise(story public.stories, premise_text text, made jsonb)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  max_characters constant integer := 20000;
  part public.story_parts := private.open_story_part(story, 'premise', null);
  by_person constant boolean := made ->> 'made_by' = 'person';
begin
  if char_length(btrim(coalesce(premise_text, ''))) not between 1 and max_characters then
    perform private.refuse(422, 'invalid_request',
      format('A premise must be a text of 1 to %s characters.', max_characters));
  end if;
  part := private.add_story_version(part, 'text', made || jsonb_build_object(
    'content', jsonb_build_object('text', premise_text),
    'length', private.story_length(premise_text, story.settings ->> 'unit')));
  if by_person or not (part.is_locked or part.is_text_edited) then
    update public.story_parts set text_version = last_version, is_text_edited = private.is_edit(made)
    where part_id = part.part_id
    returning * into part;
    update public.stories set premise_hash = private.premise_hash(premise_text)
    where project_id = story.project_id;
  end if;
  return part;
end
$$;

revoke all on function private.write_premise(public.stories, text, jsonb)
from public, anon, authenticated, service_role;
grant execute on function private.write_premise(public.stories, text, jsonb) to service_role;

-- A scene's heading and plan, which its session begins with.
create function private.scene_heading(part public.story_parts) returns text
language sql immutable set search_path = ''
return format('Scene %s: %s', coalesce(part.number, 0), coalesce(nullif(part.plan ->> 'title', ''), '-'))
  || coalesce(E'\n\n' || nullif(part.plan ->> 'description', ''), '');

-- Opens the session that holds the scene's texts, locked; a new one begins with the scene's heading and plan.
create function private.open_scene_session(part public.story_parts) returns public.sessions
language plpgsql set search_path = '' as $$
declare
  session public.sessions;
  root_id constant uuid := gen_random_uuid();
begin
  if part.session_id is not null then
    select * into session from public.sessions where session_id = part.session_id for no key update;
    return session;
  end if;
  insert into public.sessions (owner_id, project_id, kind, title)
  values (part.owner_id, part.project_id, 'story',
    coalesce(nullif(btrim(left(part.plan ->> 'title', 200)), ''), 'Untitled'))
  returning * into session;
  insert into public.messages (
    message_id, session_id, owner_id, turn_id, turn_number, position, depth, role, content, created_at,
    updated_at)
  values (
    root_id, session.session_id, session.owner_id, gen_random_uuid(), 1, 1, 1, 'user',
    private.scene_heading(part), clock_timestamp(), clock_timestamp());
  update public.sessions set active_leaf_id = root_id, turn_count = 1, message_count = 1
  where session_id = session.session_id
  returning * into session;
  update public.story_parts set session_id = session.session_id where part_id = part.part_id;
  return session;
end
$$;

-- Stores a text of a scene as another take, as `made` says (private.add_story_version). It becomes current
-- unless it is a model's, and the person has written or locked the scene's text; then the dossier follows. The
-- project is locked.
create function private.write_scene_text(part public.story_parts, scene_text text, made jsonb)
returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  max_bytes constant integer := 1048576;
  by_person constant boolean := made ->> 'made_by' = 'person';
  written_at timestamptz;
  unit constant text := (select settings ->> 'unit' from public.stories where project_id = part.project_id);
  is_current constant boolean := by_person or part.message_id is null
    or not (part.is_locked or part.is_text_edited);
  session public.sessions;
  root public.messages;
  take_id constant uuid := gen_random_uuid();
  take_length constant integer := coalesce(
    (made ->> 'length')::integer, private.story_length(scene_text, unit));
begin
  if coalesce(scene_text, '') !~ '\S' or octet_length(scene_text) > max_bytes then
    perform private.refuse(422, 'invalid_request',
      format('A scene''s text must have 1 to %s bytes.', max_bytes));
  end if;
  session := private.open_scene_session(part);
  written_at := clock_timestamp();
  select * into root from public.messages
  where session_id = session.session_id and parent_id is null
  order by position
  limit 1;
  insert into public.messages (
    message_id, session_id, owner_id, parent_id, turn_id, turn_number, position, depth, role, content, model,
    metadata, created_at, updated_at)
  values (
    take_id, session.session_id, session.owner_id, root.message_id, root.turn_id, root.turn_number,
    session.message_count + 1, root.depth + 1, 'assistant', scene_text, left(made ->> 'model', 256),
    jsonb_build_object('made_by', made ->> 'made_by'), written_at, written_at);
  update public.sessions
  set message_count = message_count + 1, last_message_at = written_at,
      active_leaf_id = case when is_current and part.number is not null then take_id
        else active_leaf_id end
  where session_id = session.session_id;
  part := private.add_story_version(part, 'text', made || jsonb_build_object(
    'message_id', take_id, 'length', take_length));
  if is_current then
    update public.story_parts
    set message_id = take_id, length = take_length, text_version = last_version,
        is_text_edited = private.is_edit(made)
    where part_id = part.part_id
    returning * into part;
    if part.number is not null then
      perform private.mark_for_extraction(session.session_id, array[take_id]);
    end if;
  end if;
  return part;
end
$$;

revoke all on function
  private.scene_heading(public.story_parts),
  private.open_scene_session(public.story_parts),
  private.write_scene_text(public.story_parts, text, jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.scene_heading(public.story_parts),
  private.open_scene_session(public.story_parts),
  private.write_scene_text(public.story_parts, text, jsonb)
to service_role;

-- The person's actions on parts of the story. `part` is "premise", "outline" or "scene", with scene_id for a
-- scene. Whatever the person has written, chosen or locked stays until they change it; a model's later version
-- is kept, and is not current.

-- The part as the person sees it, with its text.
create function private.any_part_body(part public.story_parts) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return case when part.kind = 'scene' then private.scene_body(part, true)
    else private.story_part_body(part) end;
end
$$;

-- The part that a request names, its project locked.
create function private.open_named_part(request jsonb, principal_id uuid) returns public.story_parts
language plpgsql set search_path = '' as $$
declare
  story constant public.stories := private.open_story(
    principal_id, private.read_id(request, 'project_id'));
begin
  if (request ->> 'part' in ('premise', 'outline', 'scene')) is not true then
    perform private.refuse(422, 'invalid_request', 'part must be premise, outline or scene.');
  end if;
  return private.open_story_part(story, request ->> 'part', private.read_id(request, 'scene_id'));
end
$$;

-- Writes a part: {principal, project_id, part, scene_id?, if_match, body}; the body of a premise is {text}, of
-- an outline {scenes, chapter?}, of a scene {title?, description?, characters?, key_events?, image_prompt?,
-- narration?, text?}. Answers the part.
create function public.write_story_part(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  by_person constant jsonb := '{"made_by": "person"}';
  body constant jsonb := coalesce(nullif(request -> 'body', 'null'), '{}');
  part public.story_parts := private.open_named_part(
    request, private.resolve_principal(request -> 'principal'));
  story public.stories;
  new_plan jsonb;
begin
  perform private.check_version(request ->> 'if_match', part.last_version::text);
  select * into story from public.stories where project_id = part.project_id;
  if part.kind = 'premise' then
    part := private.write_premise(story, btrim(body ->> 'text'), by_person);
  elsif part.kind = 'outline' then
    part := private.write_outline(
      story, (body ->> 'chapter')::integer, body -> 'scenes', by_person);
  else
    new_plan := private.scene_plan(part.plan || (body - 'text'));
    if new_plan <> private.scene_plan(part.plan) then
      part := private.add_story_version(part, 'plan', by_person || jsonb_build_object('content', new_plan));
      update public.story_parts
      set plan = new_plan, plan_version = last_version, is_plan_edited = true
      where part_id = part.part_id
      returning * into part;
    end if;
    if body ? 'text' then
      part := private.write_scene_text(part, body ->> 'text', by_person);
      update public.story_parts set draft = '', pieces = 0, retries = 0, findings = '[]'
      where part_id = part.part_id
      returning * into part;
    end if;
  end if;
  return private.answer(private.any_part_body(part), etag => part.last_version::text);
end
$$;

-- All that a part has said, the newest first: {principal, project_id, part, scene_id?, query: {limit, offset}}.
create function public.list_story_versions(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  row_count constant integer := private.page_size(request -> 'query', 20);
  first_row constant integer := private.page_start(request -> 'query');
  story constant public.stories := private.find_story(
    private.resolve_principal(request -> 'principal'), private.read_id(request, 'project_id'));
  part public.story_parts;
begin
  select * into part from public.story_parts
  where project_id = story.project_id and kind = request ->> 'part'
    and (kind <> 'scene' and number = 1 or part_id = private.read_id(request, 'scene_id'));
  if not found and request ->> 'part' = 'scene' then
    perform private.refuse_story_part();
  end if;
  return private.answer_page(
    (
      select jsonb_agg(jsonb_build_object(
          'version', made.version, 'aspect', made.aspect, 'made_by', made.made_by,
          'is_current', coalesce(made.version in (part.text_version, part.plan_version), false),
          'is_rejected', made.is_rejected, 'findings', made.findings, 'length', made.length,
          'model', made.model, 'prompt', made.prompt, 'task_id', made.job_id,
          'created_at', private.iso(made.created_at),
          'text', coalesce(message.content, made.content ->> 'text'))
          || case when made.aspect = 'plan' then jsonb_build_object('plan', made.content) else '{}' end
        order by made.version desc)
      from (
        select * from public.story_versions
        where part_id = part.part_id
        order by version desc
        limit row_count offset first_row
      ) made
      left join public.messages message on message.message_id = made.message_id),
    first_row,
    (select count(*) from public.story_versions where part_id = part.part_id));
end
$$;

-- Makes a version current: {principal, project_id, part, scene_id?, version, if_match}. It counts as the
-- person's, whoever made it. Answers the part.
create function public.select_story_version(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  by_person constant jsonb := '{"made_by": "person"}';
  part public.story_parts := private.open_named_part(
    request, private.resolve_principal(request -> 'principal'));
  story public.stories;
  chosen public.story_versions;
begin
  perform private.check_version(request ->> 'if_match', part.last_version::text);
  select * into story from public.stories where project_id = part.project_id;
  select * into chosen from public.story_versions
  where part_id = part.part_id and version = case
    when request ->> 'version' ~ '^[0-9]{1,9}$' then (request ->> 'version')::integer end;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such version: list the versions to see which there are.');
  end if;
  if part.kind = 'premise' then
    update public.story_parts set text_version = chosen.version, is_text_edited = true
    where part_id = part.part_id
    returning * into part;
    update public.stories set premise_hash = private.premise_hash(chosen.content ->> 'text')
    where project_id = part.project_id;
  elsif part.kind = 'outline' then
    part := private.write_outline(
      story, (chosen.content ->> 'chapter')::integer, chosen.content -> 'scenes', by_person);
  elsif chosen.aspect = 'plan' then
    update public.story_parts
    set plan = chosen.content, plan_version = chosen.version, is_plan_edited = true
    where part_id = part.part_id
    returning * into part;
  elsif chosen.message_id is null then
    part := private.write_scene_text(part, chosen.content ->> 'text', by_person);
  else
    if part.number is not null then
      update public.sessions set active_leaf_id = chosen.message_id
      where session_id = part.session_id and active_leaf_id <> chosen.message_id;
      perform private.mark_for_extraction(part.session_id, array[chosen.message_id]);
    end if;
    update public.story_parts
    set message_id = chosen.message_id, length = chosen.length, text_version = chosen.version,
        is_text_edited = true
    where part_id = part.part_id
    returning * into part;
  end if;
  return private.answer(private.any_part_body(part), etag => part.last_version::text);
end
$$;

create function private.set_story_lock(request jsonb, wanted boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  part public.story_parts := private.open_named_part(
    request, private.resolve_principal(request -> 'principal'));
begin
  update public.story_parts set is_locked = wanted
  where part_id = part.part_id
  returning * into part;
  return private.answer(private.any_part_body(part), etag => part.last_version::text);
end
$$;

-- Keeps a part as it is, whatever models make: {principal, project_id, part, scene_id?}. Answers the part.
create function public.lock_story_part(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.set_story_lock(request, true);

create function public.unlock_story_part(request jsonb) returns jsonb
language sql set search_path = '' set lock_timeout = '2s'
return private.set_story_lock(request, false);

revoke all on function
  private.any_part_body(public.story_parts),
  private.open_named_part(jsonb, uuid),
  public.write_story_part(jsonb),
  public.list_story_versions(jsonb),
  public.select_story_version(jsonb),
  private.set_story_lock(jsonb, boolean),
  public.lock_story_part(jsonb),
  public.unlock_story_part(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.any_part_body(public.story_parts),
  private.open_named_part(jsonb, uuid),
  public.write_story_part(jsonb),
  public.list_story_versions(jsonb),
  public.select_story_version(jsonb),
  private.set_story_lock(jsonb, boolean),
  public.lock_story_part(jsonb),
  public.unlock_story_part(jsonb)
to service_role;

select private.align_grants_with_policies();
