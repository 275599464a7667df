-- Work that is given up is one failure of each message that it was about; what has failed often enough
-- does not keep the others from being read. Whoever fails a task holds it, and these rows after it. A task
-- that was only to fold has no spans.
create function private.note_failed_extraction() returns trigger
language plpgsql set search_path = '' as $$
declare
  max_failures constant integer := 3;
begin
  update public.message_extractions waiting
  set failures = failures + 1, is_done = failures + 1 >= max_failures
  from jsonb_to_recordset(nullif(new.payload -> 'spans', 'null')) as span (message_id uuid)
  where waiting.session_id = new.session_id and waiting.message_id = span.message_id
    and not waiting.is_done;
  return null;
end
$$;

revoke all on function private.note_failed_extraction()
from public, anon, authenticated, service_role;

create trigger note_failed_extraction after update of status on public.background_tasks
  for each row when (
    old.status <> 'failed' and new.status = 'failed' and new.kind = 'dossier_extraction')
  execute function private.note_failed_extraction();
