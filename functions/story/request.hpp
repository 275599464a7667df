// A request to generate text, read and checked.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/story/route.hpp"
#include "shared/story/settings.hpp"
#include "wasm/engine/answer_form.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::story_function {

struct Request {
  story::Route route = story::Route::premise;
  engine::AnswerForm form = engine::AnswerForm::whole;
  engine::Caller caller;
  json::Document body;  // the declared members
  story::SettingsRead settings;
  std::string named;       // JSON array: the settings in the body
  std::string given;       // JSON object: the texts from which the story is made
  std::string project_id;  // empty: the request names none
  bool is_fresh = false;
  std::string idempotency_key;
  std::string request_hash;  // for the request that the key identifies
};

// Refusals: those of the operation's declaration, of the settings, and of the headers.
runtime::Task<Result<Request>> read_request(engine::Call& call, const engine::Match& match,
                                            story::Route route);

// Whether the body has a value with this name.
bool has(const json::Document& body, std::string_view member);

// The whole answer, unless Accept prefers the stream. not_acceptable when it accepts neither.
Result<engine::AnswerForm> wanted_form(const engine::Call& call);

}  // namespace fabula::story_function
