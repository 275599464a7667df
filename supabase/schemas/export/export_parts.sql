-- The parts of an account's export, in their order. `source` are the rows, each with its owner_id; `container`
-- is the column by which an index finds them, and `key` the columns, with their types, that order and identify
-- the rows within one container. `left_out` names columns that are only of use to us. Later parts are added
-- at the end: a cursor names its part by the place. tests/database/export.test.ts compares the tables with the
-- catalogue.
create function private.export_parts() returns table (
  place integer, type text, container text, table_name text, source text, key text[], left_out text[])
language sql immutable parallel safe
begin atomic
  select part.place, part.type, part.container, part.table_name,
    coalesce(part.source, 'public.' || part.table_name), part.key, coalesce(part.left_out, '{}')
  from (values
    (1, 'account', 'owner_id', 'principals',
      '(select id as owner_id, id as user_id, kind, issuer, subject, created_at, last_seen_at, expires_at
      from public.principals)',
      array['owner_id uuid'], null::text[]),
    (2, 'profile', 'owner_id', 'profiles', null, array['owner_id uuid'], null),
    (3, 'plan', 'owner_id', 'principal_plans', null, array['owner_id uuid'], null),
    (4, 'project', 'owner_id', 'projects', null, array['project_id uuid'], null),
    (5, 'dossier', 'owner_id', 'dossiers', null, array['project_id uuid'],
      array['facts_json', 'log_room']),
    (6, 'dossier_entry', 'project_id', 'dossier_assertions', null, array['position bigint'], null),
    (7, 'story', 'owner_id', 'stories', null, array['project_id uuid'], array['premise_hash']),
    (8, 'story_part', 'project_id', 'story_parts', null, array['part_id uuid'], array['asked', 'made']),
    (9, 'story_version', 'part_id', 'story_versions', null, array['version integer'], null),
    (10, 'story_illustration', 'part_id', 'story_illustrations', null, array['part_id uuid'], null),
    (11, 'story_answer', 'owner_id', 'story_cache', null, array['entry_id uuid'], array['cache_key']),
    (12, 'session', 'session_id', 'sessions',
      $rows$(select *, case kind when 'companion' then session_id || '.json' end as snapshot_path
      from public.sessions)$rows$,
      array['session_id uuid'], null),
    (13, 'message', 'session_id', 'messages', null, array['position bigint'], array['parent_depth']),
    (14, 'message_revision', 'session_id', 'message_revisions', null,
      array['message_id uuid', 'revision integer'], null),
    (15, 'summary', 'session_id', 'session_summaries', null, array['until_message_id uuid'], null),
    (16, 'live_session', 'session_id', 'live_sessions', null, array['session_id uuid'], null),
    (17, 'live_event', 'session_id', 'conversation_events', null, array['event_id bigint'], null),
    (18, 'character', 'owner_id', 'characters', null, array['character_id uuid'], null),
    (19, 'memory', 'memory_log_id', 'memories',
      '(select * from public.memories where not is_hidden)',
      array['memory_id text'], array['terms', 'is_hidden']),
    (20, 'memory_entry', 'memory_log_id', 'memory_entries', null, array['position bigint'], null),
    (21, 'bot', 'owner_id', 'bots', null, array['bot_id bigint'], null),
    (22, 'job', 'job_id', 'jobs', null, array['job_id uuid'],
      array['subject_id', 'merge_key', 'is_serial', 'reports_progress']),
    (23, 'import_text', 'job_id', 'job_steps',
      $rows$(select job_id, step, owner_id, status, error, created_at, finished_at,
        payload -> 'chapter' as chapter, payload -> 'chapter_title' as chapter_title, payload -> 'text' as text
      from public.job_steps where kind = 'dossier_import')$rows$,
      array['step integer'], null),
    (24, 'model_call', 'owner_id', 'model_calls', null,
      array['created_at timestamptz', 'model_call_id uuid'], null)
  ) as part (place, type, container, table_name, source, key, left_out);
end;

-- Tables with an owner that are not exported, and why.
create function private.not_exported() returns table (table_name text, reason text)
language sql immutable parallel safe
begin atomic
  select * from (values
    ('generations', 'how replies were made; what concerns their owner is in the messages'),
    ('generation_chunks', 'the text of running replies'),
    ('message_extractions', 'how far a dossier has been read'),
    ('memory_logs', 'how far a memory has been made'),
    ('memory_readings', 'how far a memory has been read'),
    ('story_drafts', 'the text of running steps'),
    ('story_events', 'the progress of tasks, for a week'),
    ('story_requests', 'names of repeated requests'),
    ('idempotency_keys', 'names of repeated requests, for a day'),
    ('live_connections', 'connections, while they last'),
    ('job_queues', 'the order of work'),
    ('rate_limits', 'counters of requests'),
    ('plan_shares', 'sums of the model calls'),
    ('stored_byte_changes', 'counters of what is stored'),
    ('bot_keys', 'secrets, which nobody can read')
  ) as kept (table_name, reason);
end;

revoke all on function
  private.export_parts(),
  private.not_exported()
from public, anon, authenticated, service_role;
grant execute on function
  private.export_parts(),
  private.not_exported()
to service_role;
