-- The state of an account's deletion.

-- Notes that a principal, who is locked, is being deleted, with all identities whose tokens are refused from
-- now on.
create function private.note_deletion(deleted_id uuid, identity_hashes text[]) returns void
language plpgsql set search_path = '' as $$
declare
  new_id constant uuid := gen_random_uuid();
begin
  insert into public.deleted_accounts (identity_hash, deleted_at, deletion_id)
  select identity_hash, now(), new_id from unnest(identity_hashes) as noted (identity_hash)
  group by identity_hash
  order by identity_hash
  on conflict (identity_hash) do update
  set deleted_at = excluded.deleted_at, deletion_id = excluded.deletion_id, erased_at = null;
  update public.principals set deletion_id = new_id where id = deleted_id;
end
$$;

-- The principal's row is erased last: notes that nothing is left.
create function private.note_erasure() returns trigger
language plpgsql set search_path = '' as $$
begin
  update public.deleted_accounts set erased_at = clock_timestamp()
  where deletion_id = old.deletion_id;
  return null;
end
$$;

create trigger principals_note_erasure after delete on public.principals
for each row when (old.deletion_id is not null) execute function private.note_erasure();

-- The deletion for its former owner. It names nobody.
create function private.describe_deletion(deletion public.deleted_accounts) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'deletion_id', deletion.deletion_id,
  'status', case when deletion.erased_at is null then 'pending' else 'erased' end,
  'message', case
    when deletion.erased_at is null then
      'The account is deleted, and everything in it is being erased, usually within minutes.'
    else 'The account and everything in it has been deleted.'
  end,
  'deleted_at', private.iso(deletion.deleted_at),
  'erase_by', private.iso(deletion.deleted_at + interval '30 days'),
  'erased_at', private.iso(deletion.erased_at));

-- For anybody who knows the id: {deletion_id}. It is kept as long as the hashes are.
create function public.read_deletion(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  deletion public.deleted_accounts;
begin
  select * into deletion from public.deleted_accounts
  where deletion_id = private.read_id(request, 'deletion_id')
  limit 1;
  if not found then
    perform private.refuse(404, 'not_found',
      'There is no such deletion: a week after the account was erased nothing is known about it.');
  end if;
  return private.answer(private.describe_deletion(deletion));
end
$$;

revoke all on function
  private.note_deletion(uuid, text[]),
  private.note_erasure(),
  private.describe_deletion(public.deleted_accounts),
  public.read_deletion(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.note_deletion(uuid, text[]),
  private.note_erasure(),
  private.describe_deletion(public.deleted_accounts),
  public.read_deletion(jsonb)
to service_role;
