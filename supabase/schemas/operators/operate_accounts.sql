-- Accounts, for the operator, whose access the edge has checked.

-- An account as the operator sees it.
create function private.account_body(principal public.principals) returns jsonb
language sql stable set search_path = ''
return jsonb_build_object(
  'user_id', principal.id,
  'kind', principal.kind,
  'issuer', principal.issuer,
  'plan', (private.plan_of(principal.id)).name,
  'created_at', private.iso(principal.created_at),
  'last_seen_at', private.iso(principal.last_seen_at),
  'suspended_at', private.iso(principal.suspended_at),
  'deleted_at', private.iso(principal.deleted_at));

create function private.refuse_unknown_account() returns void
language plpgsql set search_path = '' as $$
begin
  perform private.refuse(404, 'not_found', 'There is no such account: use a user_id from GET /admin/accounts.');
end
$$;

-- All accounts, the newest first: {query: {limit, offset}}.
create function public.list_accounts(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
begin
  return private.answer_page(
    (select jsonb_agg(private.account_body(listed) order by listed.created_at desc, listed.id)
    from (
      select * from public.principals
      order by created_at desc, id
      limit row_count offset first_row
    ) listed),
    first_row, (select count(*) from public.principals));
end
$$;

-- One of them: {user_id}.
create function public.read_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  principal public.principals;
begin
  select * into principal from public.principals where id = private.read_id(request, 'user_id');
  if not found then
    perform private.refuse_unknown_account();
  end if;
  return private.answer(private.account_body(principal));
end
$$;

-- Suspends an account, or reinstates it: {user_id, body: {is_suspended}}.
create function public.change_account(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  account_id constant uuid := private.read_id(request, 'user_id');
begin
  if (request #>> '{body,is_suspended}')::boolean then
    perform private.suspend_principal(account_id);
  else
    perform private.reinstate_principal(account_id);
  end if;
  return public.read_account(request);
end
$$;

-- Deleted accounts that are not erased yet, the oldest first: {query: {limit, offset}}.
create function public.list_erasures(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  query constant jsonb := request -> 'query';
  row_count constant integer := private.page_size(query, 50);
  first_row constant integer := private.page_start(query);
begin
  return private.answer_page(
    (select jsonb_agg(private.account_body(listed) order by listed.deleted_at, listed.id)
    from (
      select * from public.principals
      where deleted_at is not null
      order by deleted_at, id
      limit row_count offset first_row
    ) listed),
    first_row, (select count(*) from public.principals where deleted_at is not null));
end
$$;

revoke all on function
  private.account_body(public.principals),
  private.refuse_unknown_account(),
  public.list_accounts(jsonb),
  public.read_account(jsonb),
  public.change_account(jsonb),
  public.list_erasures(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.account_body(public.principals),
  private.refuse_unknown_account(),
  public.list_accounts(jsonb),
  public.read_account(jsonb),
  public.change_account(jsonb),
  public.list_erasures(jsonb)
to service_role;
