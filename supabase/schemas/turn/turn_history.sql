-- What the model is sent of the conversation besides the new text or the instruction: messages, and
-- the depth from which on they, or else the question, begin. Where older ones no longer fit, a
-- summary of those, if there is one.
create type private.turn_history as (
  messages jsonb,
  from_depth integer,
  summary text,
  summary_until_id uuid
);
