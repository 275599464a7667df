-- What the deployment does, in numbers for its operator. Ends of turns are rows until somebody asks;
-- then they are added to totals, so that asking costs what has happened since, totals never go down,
-- whatever people delete, and no turn updates a row that another one updates too.

create table public.turn_ends (
  turn_end_id bigint generated always as identity primary key,
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  input_tokens integer not null,
  output_tokens integer not null,
  saves integer not null,
  first_token_ms integer,
  latency_ms integer
);

create table public.turn_totals (
  kind text not null,
  provider text not null,
  model text not null,
  status text not null,
  turns bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  saves bigint not null,
  primary key (kind, provider, model, status)
);

create table public.duration_totals (
  measure text not null check (measure in ('first_token', 'latency')),
  kind text not null,
  -- How many of private.duration_bounds_ms are below the durations that are counted here.
  bucket integer not null check (bucket >= 0),
  durations bigint not null,
  sum_ms bigint not null,
  primary key (measure, kind, bucket)
);

create table public.metrics_cache (
  is_the_only_row boolean primary key default true check (is_the_only_row),
  made_at timestamptz not null,
  -- Null until somebody has asked.
  text text
);
insert into public.metrics_cache (made_at) values ('-infinity');

alter table public.turn_ends enable row level security;
alter table public.turn_totals enable row level security;
alter table public.duration_totals enable row level security;
alter table public.metrics_cache enable row level security;

comment on table public.turn_ends is
  'Ends of turns that no total has yet. Nobody''s, and not readable over REST.';

-- Times that a running reply was saved with new text.
alter table public.generations
  add column save_count integer not null default 0 check (save_count >= 0);

-- Saves what a running reply has grown by. {generation_id, from_offset, text}, where no text is a
-- heartbeat; returns {cancel_requested, status, saved_bytes}. A status other than streaming means
-- that nothing was stored: stop.
create or replace function public.append_chunk(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  wanted_id uuid := private.read_id(request, 'generation_id');
  generation public.generations;
  addition text;
begin
  select * into generation from public.generations
  where generation_id = wanted_id
  for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'There is no such generation: stop.');
  end if;

  if generation.status = 'streaming' then
    addition := private.text_beyond(
      generation.saved_bytes, (request ->> 'from_offset')::integer, request ->> 'text');
    if addition <> '' then
      insert into public.generation_chunks (generation_id, from_offset, text)
      values (generation.generation_id, generation.saved_bytes, addition);
    end if;
    update public.generations
    set saved_bytes = saved_bytes + octet_length(addition),
        save_count = save_count + (addition <> '')::integer,
        heartbeat_at = clock_timestamp()
    where generation_id = generation.generation_id
    returning * into generation;
  end if;

  return jsonb_build_object(
    'cancel_requested', generation.cancel_requested,
    'status', generation.status,
    'saved_bytes', generation.saved_bytes);
end
$$;

-- However a generation ends, what it made has been used, and its end is counted.
create or replace function private.record_usage() returns trigger
language plpgsql set search_path = '' as $$
declare
  made_bytes integer := new.saved_bytes - new.base_bytes;
  session_kind text;
  -- The text is not all there yet; an estimate asks for its length alone.
  made_tokens integer := coalesce(
    new.output_tokens, private.estimate_tokens(repeat('.', made_bytes)));
begin
  select session.kind into session_kind
  from public.sessions session
  where session.session_id = new.session_id;
  insert into public.usage (
    owner_id, generation_id, kind, provider, model, input_tokens, output_tokens, is_estimated,
    status, created_at)
  values (
    new.owner_id, new.generation_id, session_kind, new.provider, new.model, new.input_tokens,
    made_tokens, new.output_tokens is null, new.status, new.finished_at);
  insert into public.turn_ends (
    kind, provider, model, status, input_tokens, output_tokens, saves, first_token_ms, latency_ms)
  values (
    session_kind, coalesce(new.provider, 'unknown'), coalesce(new.model, 'unknown'), new.status,
    coalesce(new.input_tokens, 0), made_tokens, new.save_count, new.first_token_ms,
    new.latency_ms);
  return null;
end
$$;

-- Upper bounds of the histograms' buckets; the last bucket has none.
create function private.duration_bounds_ms() returns integer[]
language sql immutable parallel safe
return array[50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 60000, 120000, 300000];

-- Adds the ends that no total has yet. Not twice at once: the caller has locked the cache's row.
create function private.count_turn_ends() returns void
language plpgsql set search_path = '' as $$
declare
  -- Whoever has a bot chooses a model's name. Beyond so many they are counted together, because each
  -- is a time series of its own for whoever asks.
  max_models constant integer := 200;
  room integer := max_models - (
    select count(*) from (select distinct kind, provider, model from public.turn_totals) known);
begin
  with ended as (
    delete from public.turn_ends returning *
  ),
  models as (
    select sent.*, exists (
      select from public.turn_totals known
      where known.kind = sent.kind and known.provider = sent.provider and known.model = sent.model
    ) as is_known
    from (select distinct kind, provider, model from ended) sent
  ),
  admitted as (
    select numbered.kind, numbered.provider, numbered.model
    from (
      select *, row_number() over (partition by is_known order by kind, provider, model) as place
      from models
    ) numbered
    where numbered.is_known or numbered.place <= room
  ),
  counted as (
    insert into public.turn_totals as total
    select ended.kind, coalesce(admitted.provider, 'other') as provider,
      coalesce(admitted.model, 'other') as model, ended.status,
      count(*), sum(ended.input_tokens), sum(ended.output_tokens), sum(ended.saves)
    from ended
    left join admitted
      on admitted.kind = ended.kind and admitted.provider = ended.provider
      and admitted.model = ended.model
    group by 1, 2, 3, 4
    on conflict (kind, provider, model, status) do update
    set turns = total.turns + excluded.turns,
        input_tokens = total.input_tokens + excluded.input_tokens,
        output_tokens = total.output_tokens + excluded.output_tokens,
        saves = total.saves + excluded.saves
  )
  insert into public.duration_totals as total
  -- Of whole milliseconds: the bounds that are at most one less are those below.
  select timed.measure, ended.kind,
    width_bucket(timed.duration_ms - 1, private.duration_bounds_ms()) as bucket,
    count(*), sum(timed.duration_ms)
  from ended
  cross join lateral (
    values ('first_token', ended.first_token_ms), ('latency', ended.latency_ms)
  ) timed (measure, duration_ms)
  where timed.duration_ms is not null
  group by 1, 2, 3
  on conflict (measure, kind, bucket) do update
  set durations = total.durations + excluded.durations, sum_ms = total.sum_ms + excluded.sum_ms;
end
$$;

-- Labels of one sample, from names and values by turns: `{kind="chat",model="a-model"}`.
create function private.metric_labels(variadic names_and_values text[]) returns text
language sql immutable parallel safe
return '{' || (
  select pg_catalog.string_agg(
    names_and_values[place] || '="' || pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
      names_and_values[place + 1], '\', '\\'), '"', '\"'), pg_catalog.chr(10), '\n') || '"',
    ',' order by place)
  from pg_catalog.generate_series(1, pg_catalog.cardinality(names_and_values), 2) place) || '}';

-- A line of Prometheus' text format.
create function private.metric_sample(name text, labels text, value numeric) returns text
language sql immutable parallel safe
return name || labels || ' ' || pg_catalog.trim_scale(value) || pg_catalog.chr(10);

-- A metric in Prometheus' text format; null samples are none.
create function private.metric(name text, type text, help text, samples text) returns text
language sql immutable parallel safe
return '# HELP ' || name || ' ' || help || pg_catalog.chr(10)
  || '# TYPE ' || name || ' ' || type || pg_catalog.chr(10)
  || coalesce(samples, '');

-- One histogram in seconds for each kind of session. Each bucket counts what those below it count as
-- well.
create function private.duration_histogram(name text, help text, wanted_measure text) returns text
language sql stable
return private.metric(name, 'histogram', help, (
  select string_agg(
    (
      select string_agg(
        private.metric_sample(
          name || '_bucket',
          private.metric_labels(
            'kind', measured.kind,
            'le', coalesce(trim_scale(bound.le_ms / 1000.0)::text, '+Inf')),
          (
            select coalesce(sum(total.durations), 0)
            from public.duration_totals total
            where total.measure = wanted_measure and total.kind = measured.kind
              and total.bucket < bound.place)),
        '' order by bound.place)
      -- Null is the one that has no bound.
      from unnest(private.duration_bounds_ms() || null::integer)
        with ordinality as bound (le_ms, place)
    )
    || private.metric_sample(
      name || '_sum', private.metric_labels('kind', measured.kind), measured.sum_ms / 1000.0)
    || private.metric_sample(
      name || '_count', private.metric_labels('kind', measured.kind), measured.durations),
    '' order by measured.kind)
  from (
    select kind, sum(durations) as durations, sum(sum_ms) as sum_ms
    from public.duration_totals
    where measure = wanted_measure
    group by kind
  ) measured
));

-- The metrics as totals and rows have them now. Within a metric, kinds and statuses that are not
-- there are absent; kinds of principals are always told. Tasks are those that are kept.
create function private.metrics_text() returns text
language plpgsql set search_path = '' as $$
begin
  return private.metric(
    'fabula_turns_total', 'counter', 'Turns that have ended.', (
      select string_agg(
        private.metric_sample(
          'fabula_turns_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          turns),
        '' order by kind, provider, model, status)
      from public.turn_totals))
  || private.metric(
    'fabula_tokens_total', 'counter',
    'Tokens of turns that have ended; output is estimated where the provider tells none.', (
      select string_agg(
        private.metric_sample(
          'fabula_tokens_total',
          private.metric_labels(
            'kind', used.kind, 'provider', used.provider, 'model', used.model,
            'direction', counted.direction),
          counted.tokens),
        '' order by used.kind, used.provider, used.model, counted.direction)
      from (
        select kind, provider, model,
          sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
        from public.turn_totals
        group by kind, provider, model
      ) used
      cross join lateral (
        values ('input', used.input_tokens), ('output', used.output_tokens)
      ) counted (direction, tokens)))
  || private.metric(
    'fabula_saves_total', 'counter', 'Saves with new text, of turns that have ended.',
    private.metric_sample('fabula_saves_total', '', (
      select coalesce(sum(saves), 0) from public.turn_totals)))
  || private.metric(
    'fabula_rate_limited_total', 'counter', 'Turns that were refused by a rate limit.',
    private.metric_sample('fabula_rate_limited_total', '', (
      select case when is_called then last_value else 0 end from private.rate_limited)))
  || private.metric(
    'fabula_generations_running', 'gauge', 'Replies that are being written.', (
      select string_agg(
        private.metric_sample(
          'fabula_generations_running', private.metric_labels('kind', kind), generations),
        '' order by kind)
      from (
        select session.kind, count(*) as generations
        from public.generations generation
        join public.sessions session on session.session_id = generation.session_id
        where generation.status = 'streaming'
        group by session.kind
      ) running))
  || private.duration_histogram(
    'fabula_first_token_seconds', 'Time from the start of a turn to its first token.',
    'first_token')
  || private.duration_histogram(
    'fabula_turn_duration_seconds', 'Time from the start of a turn to its end.', 'latency')
  || private.metric(
    'fabula_principals', 'gauge', 'Users, and guests whose time is not over.', (
      select string_agg(
        private.metric_sample(
          'fabula_principals', private.metric_labels('kind', known.kind), known.principals),
        '' order by known.kind)
      from (
        select kinds.kind, count(principal.id) as principals
        from unnest('{external,guest,user}'::text[]) kinds (kind)
        left join public.principals principal
          on principal.kind = kinds.kind and principal.migrated_to is null
          and (principal.expires_at is null or principal.expires_at > clock_timestamp())
        group by kinds.kind
      ) known))
  || private.metric(
    'fabula_background_tasks', 'gauge', 'Work after turns; what has ended is kept for a while.', (
      select string_agg(
        private.metric_sample(
          'fabula_background_tasks',
          private.metric_labels('kind', kind, 'status', status),
          tasks),
        '' order by kind, status)
      from (
        -- Of the next migration.
        select kind, status, count(*) as tasks
        from public.background_tasks
        group by kind, status
      ) kept));
end
$$;

-- What the deployment has done since it counts, and how it stands, at most 15 seconds old: {}.
-- Returns {text}, in Prometheus' text format 0.0.4. Totals never go down.
create function public.read_metrics(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_age constant interval := '15 seconds';
  cached public.metrics_cache;
  asked_at timestamptz;
begin
  select * into cached from public.metrics_cache;
  if cached.made_at <= clock_timestamp() - max_age then
    -- One makes new ones; who asks meanwhile gets the ones before, if there are any.
    select * into cached from public.metrics_cache for update skip locked;
    if not found then
      select * into cached from public.metrics_cache where text is not null;
      if found then
        return jsonb_build_object('text', cached.text);
      end if;
      select * into cached from public.metrics_cache for update;
    end if;
    asked_at := clock_timestamp();
    if cached.made_at <= asked_at - max_age then
      perform private.count_turn_ends();
      update public.metrics_cache
      set made_at = asked_at, text = private.metrics_text()
      returning * into cached;
    end if;
  end if;
  return jsonb_build_object('text', cached.text);
end
$$;

select private.align_grants_with_policies();

revoke all on function
  private.duration_bounds_ms(),
  private.count_turn_ends(),
  private.metric_labels(text[]),
  private.metric_sample(text, text, numeric),
  private.metric(text, text, text, text),
  private.duration_histogram(text, text, text),
  private.metrics_text(),
  public.read_metrics(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.duration_bounds_ms(),
  private.count_turn_ends(),
  private.metric_labels(text[]),
  private.metric_sample(text, text, numeric),
  private.metric(text, text, text, text),
  private.duration_histogram(text, text, text),
  private.metrics_text(),
  public.read_metrics(jsonb)
to service_role;

-- Where nobody asks, ends would be kept one by one for ever.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
    perform cron.schedule('fabula-count-turn-ends', '41 * * * *',
      $job$select public.read_metrics('{}')$job$);
  end if;
exception when others then
  -- A server that has the extension and does not load it, or keeps it for another database.
  raise notice 'ends of turns are not counted by pg_cron: %', sqlerrm;
end
$$;
