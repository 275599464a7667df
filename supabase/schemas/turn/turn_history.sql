-- The history for a turn's prompt, without the new text or the instruction: messages, the depth at which they
-- (or else the question) begin, the first depth from which none of them is cut, and the summary, if there is
-- one, of older messages that do not fit. cuts has the bytes to which texts were cut, by message_id;
-- question_text is the question's own text, if it is new and was cut.
create type private.turn_history as (
  messages jsonb,
  from_depth integer,
  summary text,
  summary_until_id uuid,
  whole_from_depth integer,
  cuts jsonb,
  question_text text
);
