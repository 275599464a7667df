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
  metrics jsonb
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

-- One histogram for each kind of session: [{kind, count, sum_ms, buckets: [{le_ms, count}]}], where
-- each bucket counts what those below it count as well.
create function private.duration_histograms(wanted_measure text) returns jsonb
language sql stable
return (
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'kind', measured.kind,
      'count', measured.durations,
      'sum_ms', measured.sum_ms,
      'buckets', (
        select jsonb_agg(
          jsonb_build_object(
            'le_ms', bound.le_ms,
            'count', (
              select coalesce(sum(total.durations), 0)
              from public.duration_totals total
              where total.measure = wanted_measure and total.kind = measured.kind
                and total.bucket < bound.place))
          order by bound.place)
        from unnest(private.duration_bounds_ms()) with ordinality as bound (le_ms, place)))
    order by measured.kind), '[]')
  from (
    select kind, sum(durations) as durations, sum(sum_ms) as sum_ms
    from public.duration_totals
    where measure = wanted_measure
    group by kind
  ) measured
);

-- What the deployment has done since it counts, and how it stands, at most 15 seconds old: {}.
-- Returns {made_at, turns: [{kind, provider, model, status, turns, input_tokens, output_tokens,
-- saves}], running: [{kind, turns}], first_token_ms, latency_ms (private.duration_histograms),
-- guests, users}. Totals never go down.
create function public.read_metrics(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  max_age constant interval := '15 seconds';
  cached public.metrics_cache;
  asked_at timestamptz;
begin
  select * into cached from public.metrics_cache;
  if cached.made_at > clock_timestamp() - max_age then
    return cached.metrics;
  end if;
  -- One makes new ones; who asks meanwhile gets the ones before, if there are any.
  select * into cached from public.metrics_cache for update skip locked;
  if not found then
    select * into cached from public.metrics_cache where metrics is not null;
    if found then
      return cached.metrics;
    end if;
    select * into cached from public.metrics_cache for update;
  end if;
  asked_at := clock_timestamp();
  if cached.made_at > asked_at - max_age then
    return cached.metrics;
  end if;

  perform private.count_turn_ends();
  update public.metrics_cache
  set made_at = asked_at,
      metrics = jsonb_build_object(
        'made_at', private.iso(asked_at),
        'turns', (
          select coalesce(
            jsonb_agg(to_jsonb(total) order by kind, provider, model, status), '[]')
          from public.turn_totals total),
        'running', (
          select coalesce(
            jsonb_agg(jsonb_build_object('kind', kind, 'turns', turns) order by kind), '[]')
          from (
            select session.kind, count(*) as turns
            from public.generations generation
            join public.sessions session on session.session_id = generation.session_id
            where generation.status = 'streaming'
            group by session.kind
          ) running),
        'first_token_ms', private.duration_histograms('first_token'),
        'latency_ms', private.duration_histograms('latency'),
        'guests', (
          select count(*) from public.principals
          where kind = 'guest' and migrated_to is null and expires_at > asked_at),
        'users', (
          select count(*) from public.principals
          where kind <> 'guest' and migrated_to is null))
  returning * into cached;
  return cached.metrics;
end
$$;

select private.align_grants_with_policies();

revoke all on function
  private.duration_bounds_ms(),
  private.count_turn_ends(),
  private.duration_histograms(text),
  public.read_metrics(jsonb)
from public, anon, authenticated, service_role;
grant execute on function
  private.duration_bounds_ms(),
  private.count_turn_ends(),
  private.duration_histograms(text),
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
