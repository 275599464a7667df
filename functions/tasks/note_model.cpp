#include "functions/tasks/note_model.hpp"

namespace fabula::tasks_function {

void note_model(log::RequestLog& log, const engine::Completion& answer) {
  log.provider = answer.provider;
  log.model = answer.model;
  log.attempts = log.attempts.value_or(0) + answer.attempts;
  if (answer.usage) {
    log.tokens_in = log.tokens_in.value_or(0) + answer.usage->input_tokens;
    log.tokens_out = log.tokens_out.value_or(0) + answer.usage->output_tokens;
  }
}

}  // namespace fabula::tasks_function
