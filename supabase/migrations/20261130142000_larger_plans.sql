-- Conversations take shares of plans too, so the plans are larger. A plan that its operator has changed stays.

update public.plans
set calls_a_month = larger.calls_a_month, tokens_a_month = larger.tokens_a_month
from (values
  ('free', 400, 2000000, 2000, 5000000),
  ('basic', 4000, 20000000, 20000, 50000000),
  ('pro', 40000, 200000000, 200000, 500000000)
) larger (name, calls_before, tokens_before, calls_a_month, tokens_a_month)
where plans.name = larger.name and plans.calls_a_month = larger.calls_before
  and plans.tokens_a_month = larger.tokens_before;
