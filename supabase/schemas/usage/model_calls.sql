-- The ledger: every call to a provider is a row, whatever it was for and however it ended. Usage, plans
-- and metrics are read from it.

create table public.model_calls (
  model_call_id uuid primary key default gen_random_uuid(),
  -- Without a foreign key: checking one would lock the principal while a turn ends, after its
  -- session, which others lock the other way round. A trigger removes a principal's rows
  -- (delete_model_calls.sql).
  owner_id uuid not null,
  -- What made the call, an attempt at a turn or at a step of a job: the generation's id or the lease's
  -- token, with the place of the call in it. So a call that is told twice is one row.
  source_id uuid not null,
  place integer not null check (place >= 1),
  -- A row outlives what it was for: deleting a conversation gives nobody new calls.
  generation_id uuid references public.generations (generation_id) on delete set null,
  job_id uuid references public.jobs (job_id) on delete set null,
  step integer,
  -- Of the project that it was for, which may be gone.
  project_id uuid,
  -- Of a turn its session's kind, of a job's step the job's.
  kind text not null check (char_length(kind) between 1 and 64),
  -- Which round of a turn with tools, from 1 on.
  round integer not null default 1 check (round >= 1),
  -- Null where the worker died before it told.
  provider text check (char_length(provider) <= 64),
  model text check (char_length(model) <= 256),
  -- As the provider counts them; null where it has told none. Whether cached tokens are part of
  -- the input and reasoning of the output is the provider's affair: they are with OpenAI; Anthropic's input
  -- is without what was cached, Gemini's output without the reasoning.
  input_tokens integer check (input_tokens >= 0),
  cached_tokens integer check (cached_tokens >= 0),
  cache_write_tokens integer check (cache_write_tokens >= 0),
  output_tokens integer not null check (output_tokens >= 0),
  reasoning_tokens integer check (reasoning_tokens >= 0),
  -- The provider has told no usage: output_tokens follows from the text's length.
  is_estimated boolean not null,
  -- What the provider says that it costs, in dollars of the United States; null where it does not say.
  cost_usd numeric(18, 9) check (cost_usd >= 0),
  -- Interrupted: who made the call has died, or had to stop.
  status text not null
    check (status in ('complete', 'stopped', 'disconnected', 'interrupted', 'failed')),
  error_code text check (char_length(error_code) <= 64),
  started_at timestamptz,
  first_token_ms integer check (first_token_ms >= 0),
  latency_ms integer check (latency_ms >= 0),
  created_at timestamptz not null default now(),
  unique (source_id, place)
);

-- A principal's tokens since a time, from the index alone.
create index model_calls_of_owner on public.model_calls (owner_id, created_at)
  include (input_tokens, output_tokens, kind);
create index model_calls_of_generation on public.model_calls (generation_id);
create index model_calls_of_job on public.model_calls (job_id);
-- What is old goes.
create index model_calls_by_age on public.model_calls (created_at);

alter table public.model_calls enable row level security;
create policy own_model_calls_are_readable on public.model_calls for select to authenticated
  using (owner_id = (select private.current_principal()));
