-- The history for a turn's prompt, without the new text or the instruction: messages, the depth at which they
-- (or else the question) begin, and the summary, if there is one, of older messages that do not fit.
create type private.turn_history as (
  messages jsonb,
  from_depth integer,
  summary text,
  summary_until_id uuid
);
