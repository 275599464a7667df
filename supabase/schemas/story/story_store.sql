-- Stores what a step of a story has made (jobs/has_job_hook.sql). The result is {did, asked?, made?, findings?:
-- [{rule, message}], model?, prompt?, progress?, message?, is_last_step?} and, by `did`:
--   premise {text}; chapters {title?, chapters}; outline {title?, chapter?, scenes}
--   piece {part_id, text, is_rejected?}; scene {part_id, text, rejected_text?}; recap {part_id, text}
--   ideas and setup {value}; done {is_complete}
-- The answer is {is_current}: false if the person's own text or lock has kept what was made from being used.

-- Stores a piece: appends it to the draft of the scene in progress, or to the text of an earlier scene. A
-- rejected one is only kept.
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

-- Stores a whole scene.
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

-- Stores a recap of the text that the step was given; if that has changed since, the recap is made again.
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

-- Informs watchers of a step's result.
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
