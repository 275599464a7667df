// One complete answer of a model, for work that is not a turn, such as summaries. An interrupted
// answer is requested again, unless the listener has enough text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"
#include "shared/usage/model_call.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

// Receives an answer while it is written.
class CompletionListener {
 public:
  // The text begins, or begins again: earlier text does not count.
  virtual void on_begin() = 0;
  virtual void on_text(std::string_view text) = 0;
  // Whether the text of an attempt that broke off is worth more than a second one: then complete()
  // ends with the problem.
  virtual bool is_enough() const { return false; }
  // Whether the text has reached its maximum length: then the answer ends there, as at a token
  // limit.
  virtual bool is_full() const { return false; }
  // Ready when the answer is no longer wanted; nullptr: it is always wanted.
  virtual runtime::Waitable* stopping() { return nullptr; }

 protected:
  ~CompletionListener() = default;
};

// Views must live until the answer is complete.
struct CompletionRequest {
  std::string_view system_prompt = {};
  std::string_view history_json = "[]";  // as in llm::ModelRequest
  std::string_view user_text = {};       // "": the history ends with the user's message
  std::int64_t maximum_output_tokens = 2000;
  // JSON schema of the answer as in llm::ModelRequest; "": the answer is text.
  std::string_view response_schema = {};
  std::string_view response_schema_name = "answer";
  // False: the prompt contains the schema, and the caller reads whatever text the model writes.
  bool is_response_checked = true;
  std::int64_t deadline_ms = 60'000;  // for all attempts together
  CompletionListener* listener = nullptr;
};

struct Completion {
  // Not empty; without U+0000, which Postgres does not store. With a schema, the text as the model
  // wrote it.
  std::string text;
  std::optional<json::Document> document;  // with a schema: the value that follows it
  // The token limit ended the answer: the text may stop anywhere, the document after its last whole
  // item.
  bool is_truncated = false;
  std::string provider;
  std::string model;
  std::optional<llm::Usage> usage;  // for all attempts that reported it
  int attempts = 0;                 // requests made
};

// Asks the models of the route one after another, as llm::RetryPlan decides. Each attempt has a
// turn's deadlines (FABULA_FIRST_TOKEN_TIMEOUT_MS, FABULA_IDLE_TIMEOUT_MS), and Retry-After is
// honoured. An answer that violates the schema is repaired if possible; otherwise the model gets
// one correction, then the next model is asked. A provider's refusal to answer is a failure.
//
// Each request is added to `calls`, whether it succeeds or not.
//
// Errors: the last attempt's, `interrupted` when the isolate ends or the listener stops it, or the
// request's own.
runtime::Task<Result<Completion>> complete(Call& call, const Endpoints& endpoints,
                                           const CompletionRequest& request,
                                           std::vector<usage::ModelCall>& calls);

}  // namespace fabula::engine
