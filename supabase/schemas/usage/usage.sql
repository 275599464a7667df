-- The usage of turns, from the ledger.
create view public.usage with (security_invoker = true) as
select model_call_id as usage_id, owner_id, generation_id, kind, provider, model, input_tokens,
  output_tokens, is_estimated, status, created_at
from public.model_calls
where kind in ('chat', 'relay', 'companion', 'realtime');
