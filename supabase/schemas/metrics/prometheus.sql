-- The labels of a sample, from alternating names and values: `{kind="chat",model="a-model"}`.
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

-- A metric in Prometheus' text format; without samples if they are null.
create function private.metric(name text, type text, help text, samples text) returns text
language sql immutable parallel safe
return '# HELP ' || name || ' ' || help || pg_catalog.chr(10)
  || '# TYPE ' || name || ' ' || type || pg_catalog.chr(10)
  || coalesce(samples, '');

-- A histogram in seconds for each kind of session. Buckets are cumulative.
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
      -- Null is the bucket without an upper bound.
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

revoke all on function
  private.metric_labels(text[]),
  private.metric_sample(text, text, numeric),
  private.metric(text, text, text, text),
  private.duration_histogram(text, text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.metric_labels(text[]),
  private.metric_sample(text, text, numeric),
  private.metric(text, text, text, text),
  private.duration_histogram(text, text, text)
to service_role;
