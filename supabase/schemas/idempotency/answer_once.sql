-- Answers a repeated request with the thing that the first one has made: {read: the reader's request, status,
-- status_url}. It is read anew, so that a repeated request tells its present state, or 404 when it has been deleted.
create function private.answer_again(known public.idempotency_keys, caller jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  thing record;
  answer jsonb;
begin
  select * into thing from private.made_things() where function_name = known.function_name;
  execute format('select public.%I($1)', thing.reader)
  into answer using known.made -> 'read' || jsonb_build_object('principal', caller);
  if thing.members is not null then
    answer := jsonb_set(answer, '{body}', (
      select jsonb_object_agg(key, value) from jsonb_each(answer -> 'body') where key = any (thing.members)));
  end if;
  if known.made ? 'status_url' then
    answer := jsonb_set(answer, '{body,status_url}', known.made -> 'status_url');
  end if;
  return answer || jsonb_build_object('status', known.made -> 'status', 'is_replayed', true);
end
$$;

-- Calls one of private.made_things once for a key: {function, idempotency_key, request_hash, request: the
-- function's own}. A request that is repeated with the same key makes nothing. Concurrent ones wait for the
-- first, by an advisory lock before all other locks; if it is refused, the next one is the first.
create function public.answer_once(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  asked constant jsonb := request -> 'request';
  caller constant jsonb := asked -> 'principal';
  key constant text := request ->> 'idempotency_key';
  thing record;
  known public.idempotency_keys;
  answer jsonb;
begin
  select * into thing from private.made_things() where function_name = request ->> 'function';
  if not found then
    perform private.refuse(422, 'invalid_request', 'This function takes no idempotency key.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended(
    concat_ws(' ', 'idempotency', private.identity_hash(caller), key), 0));
  select * into known from public.idempotency_keys
  where owner_id = (private.find_principal(caller)).id and idempotency_key = key;
  if found and known.request_hash <> request ->> 'request_hash' then
    perform private.refuse(422, 'idempotency_key_reused',
      'This idempotency key has named another request: send this one under a new key.');
  end if;
  if known.owner_id is not null then
    return private.answer_again(known, caller);
  end if;
  execute format('select public.%I($1)', thing.function_name) into answer using asked;
  insert into public.idempotency_keys (owner_id, idempotency_key, request_hash, function_name, made)
  values ((private.find_principal(caller)).id, key, request ->> 'request_hash', thing.function_name,
    jsonb_strip_nulls(jsonb_build_object(
      'read', (
        select jsonb_object_agg(
          split_part(id, '=', 1),
          (asked || (answer -> 'body')) -> split_part(id, '=', case when id like '%=%' then 2 else 1 end))
        from unnest(thing.ids) id),
      'status', answer -> 'status',
      'status_url', answer #> '{body,status_url}')));
  return answer;
end
$$;

revoke all on function
  private.answer_again(public.idempotency_keys, jsonb),
  public.answer_once(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.answer_again(public.idempotency_keys, jsonb),
  public.answer_once(jsonb)
to service_role;
