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
