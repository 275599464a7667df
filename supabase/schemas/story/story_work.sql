-- The input of a step of a story (jobs/has_job_hook.sql): the data from which the planner decides what the
-- step does. Its cost does not grow with the story: totals are in the story's row, only the texts of the two
-- scenes before the next one are read, recaps of earlier chapters are in the chapters' rows.

-- The scene that the task writes next: the one to be rewritten, or the first without a text; null if there is
-- none.
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

-- The last two written scenes before this number, the nearer one first, with the ends of their texts.
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

-- A number that changes when the recaps of a chapter's scenes change.
create function private.recaps_version(wanted_chapter_id uuid) returns integer
language sql stable set search_path = ''
return (
  select hashtext(string_agg(scene.number || ':' || scene.recap, E'\n' order by scene.number))
  from public.story_parts scene
  where scene.chapter_id = wanted_chapter_id and scene.number is not null);

-- The first scene whose text has no recap, or the first chapter of a novel without a recap whose scenes have
-- all been written and recapped.
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

-- Whether a job that began recently is still reading the scene before this one for the dossier.
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
