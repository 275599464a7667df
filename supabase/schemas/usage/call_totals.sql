-- What the ledger has come to, for the deployment's numbers: changes of it are rows until somebody asks, as
-- ends of turns are (public.turn_ends), so that totals never go down when people delete what they have.

create table public.model_call_changes (
  model_call_change_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  -- Of a call that is told better afterwards the difference.
  calls integer not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null
);

create table public.model_call_totals (
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  calls bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_usd numeric not null,
  primary key (kind, provider, model, status)
);

alter table public.model_call_changes enable row level security;
alter table public.model_call_totals enable row level security;
comment on table public.model_call_changes is
  'Calls that no total has yet. Nobody''s, and not readable over REST.';

create function private.count_model_call() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    insert into public.model_call_changes (
      kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
    values (
      old.kind, coalesce(old.provider, 'unknown'), coalesce(old.model, 'unknown'), old.status, -1,
      -coalesce(old.input_tokens, 0), -old.output_tokens, -coalesce(old.cost_usd, 0));
  end if;
  insert into public.model_call_changes (
    kind, provider, model, status, calls, input_tokens, output_tokens, cost_usd)
  values (
    new.kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status, 1,
    coalesce(new.input_tokens, 0), new.output_tokens, coalesce(new.cost_usd, 0));
  return null;
end
$$;

create trigger count_model_call
  after insert or update of provider, model, status, input_tokens, output_tokens, cost_usd
  on public.model_calls
  for each row execute function private.count_model_call();

-- Adds the changes that no total has yet. Not twice at once: the caller has locked the cache's row.
create function private.count_model_calls() returns void
language plpgsql set search_path = '' as $$
declare
  -- As private.count_turn_ends has it.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.model_call_totals) known);
begin
  with changed as (
    delete from public.model_call_changes returning *
  ),
  models as (
    select sent.*, exists (
      select from public.model_call_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from changed) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  )
  insert into public.model_call_totals as total
  select changed.kind, coalesce(admitted.provider, 'other') as provider,
    coalesce(admitted.model, 'other') as model, changed.status,
    sum(changed.calls), sum(changed.input_tokens), sum(changed.output_tokens), sum(changed.cost_usd)
  from changed
  left join admitted
    on admitted.kind = changed.kind and admitted.provider = changed.provider
    and admitted.model = changed.model
  group by 1, 2, 3, 4
  on conflict (kind, provider, model, status) do update
  set calls = total.calls + excluded.calls,
      input_tokens = total.input_tokens + excluded.input_tokens,
      output_tokens = total.output_tokens + excluded.output_tokens,
      cost_usd = total.cost_usd + excluded.cost_usd;
end
$$;
