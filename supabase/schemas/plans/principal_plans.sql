-- The plan that the operator has assigned to a principal. Everybody who has ever taken a share has a row:
-- its lock makes shares of a plan be taken one at a time (take_share.sql).
create table public.principal_plans (
  owner_id uuid primary key references public.principals (id) on delete cascade,
  -- Null: the plan that the token names, or the default plan.
  plan text references public.plans (name) on update cascade
);

comment on table public.principal_plans is 'Who has which plan. Not readable over REST.';

-- Whether a plan is used.
create index principal_plans_by_plan on public.principal_plans (plan);

alter table public.principal_plans enable row level security;
