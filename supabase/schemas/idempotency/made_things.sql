-- The functions that make something and may be called by answer_once: the function that reads what was made,
-- and the members of its request, from the first answer or the first request. `members` are those of the
-- first answer, if the reader's has others too.
create function private.made_things() returns table (
  function_name text, reader text, ids text[], members text[])
language sql immutable parallel safe
begin atomic
  select * from (values
    ('create_project', 'read_project', array['project_id'], null::text[]),
    ('save_bot', 'read_bot', array['bot_id'], null),
    ('save_character', 'read_character', array['companion_id=character_id'], null),
    ('start_conversation', 'read_conversation', array['conversation_id=id'], null),
    ('start_import', 'read_import', array['project_id', 'task_id'], null),
    ('insert_scene', 'read_scene', array['project_id', 'scene_id'], null),
    ('begin_story_illustrations', 'read_story_task', array['task_id'],
      array['task_id', 'project_id', 'status', 'message'])
  ) as known (function_name, reader, ids, members);
end;

revoke all on function private.made_things() from public, anon, authenticated, service_role;
grant execute on function private.made_things() to service_role;
