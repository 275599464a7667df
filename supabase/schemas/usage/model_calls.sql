-- The ledger: each request to a provider is a row, whatever its purpose and however it ended. Usage, plans
-- and metrics are read from it.

create table public.model_calls (
  model_call_id uuid primary key default gen_random_uuid(),
  -- Without a foreign key: its check would lock the principal at the end of a turn, after the session,
  -- against the lock order. Null: the account is deleted (anonymise_model_calls.sql).
  owner_id uuid,
  -- The attempt that made the call: a turn's generation_id, or the lease token of a job's step. Together with
  -- the call's place in the attempt it is unique, so a call that is recorded twice is one row.
  source_id uuid not null,
  place integer not null check (place >= 1),
  -- A row outlives its conversation: deleting conversations does not reset anybody's usage.
  generation_id uuid references public.generations (generation_id) on delete set null,
  job_id uuid references public.jobs (job_id) on delete set null,
  step integer,
  -- The project that the call was for, which may be deleted.
  project_id uuid,
  -- The session's kind for a turn, the job's kind for a step.
  kind text not null check (char_length(kind) between 1 and 64),
  -- The round of a turn with tools, from 1.
  round integer not null default 1 check (round >= 1),
  -- Null if the worker died before it reported the call.
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  -- The provider's own counts; null if it reported none. Providers differ: with OpenAI input includes cached
  -- tokens and output includes reasoning; Anthropic's input excludes cached tokens, Gemini's output excludes
  -- reasoning.
  input_tokens integer check (input_tokens >= 0),
  cached_tokens integer check (cached_tokens >= 0),
  cache_write_tokens integer check (cache_write_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  reasoning_tokens integer check (reasoning_tokens >= 0),
  -- The provider reported no usage: output_tokens is estimated from the text's length.
  is_estimated boolean not null,
  -- The cost that the provider reported, in US dollars; null if it reported none.
  cost_usd numeric(18, 9) check (cost_usd >= 0),
  -- Interrupted: the isolate that made the call has died, or had to stop.
  status text not null
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  error_code text check (char_length(error_code) <= 64),
  started_at timestamptz,
  first_token_ms integer check (first_token_ms >= 0),
  latency_ms integer check (latency_ms >= 0),
  created_at timestamptz not null default now(),
  unique (source_id, place)
);

-- A principal's tokens since a given time, by an index-only scan.
create index model_calls_of_owner on public.model_calls (owner_id, created_at)
  include (input_tokens, output_tokens, kind);
create index model_calls_of_generation on public.model_calls (generation_id);
create index model_calls_of_job on public.model_calls (job_id);
-- For the deletion of old rows.
create index model_calls_by_age on public.model_calls (created_at);

alter table public.model_calls enable row level security;
create policy own_model_calls_are_readable on public.model_calls for select to authenticated
  using (owner_id = (select private.current_principal()));
