#include "functions/story/request.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/api/endpoints/story_settings.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/text.hpp"
#include "shared/sse/encoder.hpp"
#include "wasm/engine/acting.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/idempotency.hpp"
#include "wasm/engine/turn.hpp"

namespace fabula::story_function {
namespace {

using engine::AnswerForm;
using engine::Call;
using engine::Match;
using runtime::Task;

constexpr std::string_view kJson = "application/json";

// Texts in the body that are not settings.
constexpr std::array<std::string_view, 5> kGivenMembers{"premise", "outline", "story_text", "idea",
                                                        "feedback"};

std::string named_settings(const json::Document& body) {
  std::string names;
  json::Writer writer(names);
  const auto is_named = [&body](std::string_view name) {
    return json::find(body, name) != nullptr;
  };
  writer.begin_array();
  for (const auto& field : api::story::kSettingsFields) {
    if (is_named(field.name)) writer.string(field.name);
  }
  // These settings follow from others.
  if (is_named("language")) writer.string("unit");
  if (is_named("story_length") && !is_named("target_words")) writer.string("target_words");
  if (is_named("target_words") && !is_named("story_length")) writer.string("story_length");
  writer.end_array();
  return names;
}

std::string given_texts(const json::Document& body, const json::Document& path) {
  std::string texts;
  json::Writer writer(texts);
  writer.begin_object();
  for (const auto name : kGivenMembers) {
    if (const auto* given = json::find(body, name)) writer.key(name).raw(json::dump(*given));
  }
  if (const auto scene_id = json::string_at(path, "scene_id")) {
    writer.key("scene_id").string(*scene_id);
  }
  writer.end_object();
  return texts;
}

}  // namespace

bool has(const json::Document& body, std::string_view member) {
  const auto* value = json::find(body, member);
  return value && !value->empty();
}

Result<AnswerForm> wanted_form(const Call& call) {
  const auto accept = call.head().headers.find("accept");
  const int whole = http::accept_quality(accept, kJson);
  if (http::accept_quality(accept, sse::kContentType) > whole) return AnswerForm::stream;
  if (auto taken = http::require_acceptable(accept, kJson); !taken) {
    return tl::unexpected(std::move(taken.error()));
  }
  return AnswerForm::whole;
}

Task<Result<Request>> read_request(Call& call, const Match& match, story::Route route) {
  const api::Operation& operation = *match.route.operation;
  Request request;
  request.route = route;
  request.form = co_await wanted_form(call);
  request.caller = co_await engine::identify_for(call, operation);
  request.idempotency_key = co_await engine::idempotency_key(call);
  const json::Document path = co_await api::path_ids(match.captures);
  const json::Document sent = co_await engine::read_json(call, operation);
  const std::string checked = co_await api::check_body(sent, *operation.body);
  request.body = co_await json::parse(checked);
  request.settings = co_await story::read_settings(request.body);
  request.named = named_settings(request.body);
  request.given = given_texts(request.body, path);
  request.project_id = json::string_at(request.body, "project_id")
                           .value_or(json::string_at(path, "project_id").value_or(""));
  request.is_fresh = json::boolean_at(request.body, "fresh").value_or(false);
  if (!request.idempotency_key.empty()) {
    std::string asked(operation.id);
    asked.append(" ").append(json::dump(path)).append(checked);
    request.request_hash = co_await engine::sha256_hex(call.context(), asked);
  }
  co_return request;
}

}  // namespace fabula::story_function
