create table public.metrics_cache (
  is_the_only_row boolean primary key default true check (is_the_only_row),
  made_at timestamptz not null,
  -- Null until the metrics are first read.
  text text
);

alter table public.metrics_cache enable row level security;

insert into public.metrics_cache (made_at) values ('-infinity');
