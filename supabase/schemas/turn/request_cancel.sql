-- Cancels a running reply. The answer to the writer's next save (append_chunk) informs it, and it ends the
-- reply as stopped.

-- Asks the running reply of a stream to stop: {principal, stream_id, body: {epoch?}}; the body of the answer
-- is {stream_id, epoch, status, cancel_requested}. With another epoch than the stream's, or after the reply
-- has ended, nothing changes, and the answer reports it: a late cancel cannot stop a newer reply.
create function public.request_cancel(request jsonb) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
declare
  meant_epoch_text constant text := request -> 'body' ->> 'epoch';
  principal_id uuid := private.resolve_principal(request -> 'principal');
  generation public.generations;
begin
  if meant_epoch_text !~ '^[1-9][0-9]{0,17}$' then
    perform private.refuse(422, 'invalid_request',
      'epoch must be a whole number from 1 on, as told with the stream: or leave it out.');
  end if;
  generation := private.find_generation(
    principal_id, jsonb_build_object('stream_id', request -> 'stream_id'));
  -- A silent writer would not learn of the cancel.
  perform private.end_if_silent(generation);

  update public.generations
  set cancel_requested = true
  where generation_id = generation.generation_id and status = 'streaming'
    and epoch = coalesce(meant_epoch_text::bigint, epoch) and not cancel_requested;
  -- A reply that was ended for silence stays ended, even if its writer is alive.
  update public.generations
  set ended_by_silence = false
  where generation_id = generation.generation_id and ended_by_silence
    and epoch = coalesce(meant_epoch_text::bigint, epoch);
  select * into generation from public.generations
  where generation_id = generation.generation_id;
  return private.answer(jsonb_build_object(
    'stream_id', generation.stream_id,
    'epoch', generation.epoch,
    'status', generation.status,
    'cancel_requested', generation.cancel_requested));
end
$$;

revoke all on function public.request_cancel(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.request_cancel(jsonb) to service_role;
