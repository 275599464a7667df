-- Files of pictures in Storage that have no row, and must still be deleted. A picture that is being drawn is
-- here too, for later: its worker may die between storing the file and the row. A path identifies nobody.
create table public.deleted_illustrations (
  object_path text primary key check (char_length(object_path) between 1 and 200),
  -- The time of the next attempt.
  try_after timestamptz not null default now()
);

comment on table public.deleted_illustrations is 'Files to delete. Not readable over REST.';

create index deleted_illustrations_due on public.deleted_illustrations (try_after);

alter table public.deleted_illustrations enable row level security;
