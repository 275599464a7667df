-- Plans the deletion of a picture's file when its row is deleted, or gets another file.
create function private.plan_deletion_of_illustration() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.deleted_illustrations (object_path) values (old.object_path)
  on conflict (object_path) do update set try_after = excluded.try_after;
  return null;
end
$$;

revoke all on function private.plan_deletion_of_illustration()
from public, anon, authenticated, service_role;

create trigger plan_deletion_of_deleted after delete on public.story_illustrations
  for each row execute function private.plan_deletion_of_illustration();
create trigger plan_deletion_of_replaced after update of object_path on public.story_illustrations
  for each row when (old.object_path <> new.object_path)
  execute function private.plan_deletion_of_illustration();
