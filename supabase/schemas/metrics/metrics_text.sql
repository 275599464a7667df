-- The metrics from the current totals and rows. Kinds and statuses without rows are left out of a metric;
-- kinds of principals are always listed. Ended jobs are counted for a day.
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
    'Tokens of calls to models; output is estimated where the provider tells none.', (
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
        from public.model_call_totals
        group by kind, provider, model
      ) used
      cross join lateral (
        values ('input', used.input_tokens), ('output', used.output_tokens)
      ) counted (direction, tokens)))
  || private.metric(
    'fabula_model_calls_total', 'counter', 'Calls to models, of turns and of work after them.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_calls_total',
          private.metric_labels(
            'kind', kind, 'provider', provider, 'model', model, 'status', status),
          calls),
        '' order by kind, provider, model, status)
      from public.model_call_totals))
  || private.metric(
    'fabula_model_cost_usd_total', 'counter', 'What providers say that calls have cost, in US dollars.', (
      select string_agg(
        private.metric_sample(
          'fabula_model_cost_usd_total',
          private.metric_labels('kind', kind, 'provider', provider, 'model', model),
          cost_usd),
        '' order by kind, provider, model)
      from (
        select kind, provider, model, sum(cost_usd) as cost_usd
        from public.model_call_totals
        group by kind, provider, model
        having sum(cost_usd) > 0
      ) told))
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
          and principal.deleted_at is null
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
        select kind, status, count(*) as tasks
        from public.jobs
        where finished_at is null or finished_at > clock_timestamp() - interval '1 day'
        group by kind, status
      ) kept))
  || private.metric(
    'fabula_cleaning_backlog', 'gauge', 'Rows and files that are due to be deleted, 10,000 at most.', (
      select string_agg(
        private.metric_sample(
          'fabula_cleaning_backlog', private.metric_labels('part', backlog.part), backlog.due),
        '' order by backlog.part)
      from private.cleaning_backlog() backlog));
end
$$;

revoke all on function private.metrics_text() from public, anon, authenticated, service_role;
grant execute on function private.metrics_text() to service_role;
