#include "functions/chat/turns.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "functions/chat/framing.hpp"
#include "shared/api/check.hpp"
#include "shared/api/endpoints/chat.hpp"
#include "shared/chat/prompt.hpp"
#include "shared/chat/task.hpp"
#include "shared/dossier/extract/worth.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/text.hpp"
#include "shared/sse/encoder.hpp"
#include "shared/text/uuid.hpp"
#include "wasm/engine/attachments.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/engine/event_stream.hpp"
#include "wasm/engine/follow.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/turn.hpp"

namespace fabula::chat_function {

using chat::dossier_heading;
using chat::instruction_to_go_on;
using chat::is_chat;
using chat::kTaskNames;
using chat::task_named;
using chat::task_prompt_labels_json;
using chat::task_prompts_json;
using chat::TaskRules;

namespace {

using engine::Call;
using engine::Caller;
using engine::Match;
using engine::TurnRequest;
using runtime::Task;

static_assert(api::chat::kTasks == kTaskNames);

std::string text_at(const json::Document& body, std::string_view key) {
  return std::string(json::string_at(body, key).value_or(""));
}

// A body or header that names a user proves nothing; it may only say what the token says.
Result<void> check_claimed_user(std::string_view claimed, const Caller& caller) {
  if (claimed.empty() || caller.may_be(claimed)) return {};
  return problem(ErrorCode::forbidden,
                 "The user id names somebody else than the token. Leave it out, or send the token "
                 "of that user.");
}

Result<std::string> user_id_header(const http::Headers& headers) {
  const auto header = headers.find("x-user-id");
  if (!header) return {};
  auto id = text::normalize_uuid(*header);
  if (!id) return problem(ErrorCode::invalid_id, "The header x-user-id is not a UUID.");
  return *std::move(id);
}

Task<Result<Caller>> who_is_calling(Call& call, api::Access access) {
  const auto& headers = call.head().headers;
  return access == api::Access::caller
             ? engine::identify_known(call.context(), call.settings(), headers)
             : engine::identify(call.context(), call.settings(), headers);
}

// What the path and the body ask for; the rest of it is the endpoint's.
Task<Result<TurnRequest>> read_turn_request(Call& call, const Match& match, const Caller& caller,
                                            json::Document& body) {
  const api::Operation& operation = *match.route.operation;
  TurnRequest request{.kind = "chat"};
  request.claimed_user_id = co_await user_id_header(call.head().headers);
  co_await check_claimed_user(request.claimed_user_id, caller);
  request.idempotency_key = co_await engine::idempotency_key(call);

  std::string asked = std::string(operation.id).append(" ");
  co_await api::append_path_ids(asked, match.captures);
  body = co_await engine::read_json(call, operation);
  asked += co_await api::check_body(body, *operation.body);
  if (!request.idempotency_key.empty()) {
    request.request_hash = co_await engine::sha256_hex(call.context(), asked);
  }

  if (!match.captures.empty()) request.message_id = match.captures.front().value;
  if (const auto id = json::string_at(body, "user_id")) {
    request.claimed_user_id = text::normalize_uuid(*id).value_or("");
  }
  co_await check_claimed_user(request.claimed_user_id, caller);
  request.detach = json::boolean_at(body, "detach").value_or(false);
  request.awaits_dossier = json::boolean_at(body, "await_dossier").value_or(false);
  request.text = text_at(body, "text");
  request.session_id = text_at(body, "session_id");
  request.project_id = text_at(body, "project_id");
  if (auto edited = text_at(body, "edit_from_message_id"); !edited.empty()) {
    request.action = turn::Action::edit;
    request.message_id = std::move(edited);
  }
  co_return request;
}

// What a message asks of models: by its body, or as it was kept with it.
struct Asked {
  const TaskRules& task;
  engine::Endpoints models;
  engine::Attachments attachments;
};

Task<Result<Asked>> read_asked(Call& call, const Caller& caller, const json::Document& message,
                               std::int64_t text_tokens) {
  const TaskRules& task = task_named(json::string_at(message, "task").value_or(""));
  const TaskRules& chat = task_named("");
  Asked asked{task, {}, {}};
  asked.models = co_await engine::resolve_route_or(call, *task.setting, *chat.setting);
  if (const auto* list = json::find(message, "attachments"); list && list->is_array()) {
    asked.attachments = co_await engine::load_attachments(call, caller, *list, asked.models,
                                                          task.setting->name, text_tokens);
  }
  co_return std::move(asked);
}

// What is kept of it with the message; empty when there is nothing to say.
std::string describe(const Asked& asked, const json::Document& message) {
  std::string metadata;
  if (is_chat(asked.task) && asked.attachments.empty()) return metadata;
  json::Writer writer(metadata);
  writer.begin_object();
  if (!is_chat(asked.task)) writer.key("task").string(asked.task.name);
  if (!asked.attachments.empty()) {
    writer.key("attachments")
        .raw(engine::describe_attachments(*json::find(message, "attachments"), asked.attachments));
  }
  writer.end_object();
  return metadata;
}

// Whether the last thing that was said, before a message, asks for it.
bool ends_with_question(std::string_view history_json) {
  // The length of a companion's last sentences.
  constexpr std::size_t kEndBytes = 300;
  const auto end =
      history_json.substr(history_json.size() - std::min(history_json.size(), kEndBytes));
  for (const std::string_view mark : {"?", "\uFF1F", "\u061F", "\u037E"}) {
    if (end.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

// One turn: from the request to the last byte of the answer.
Task<Result<void>> serve_turn(Call& call, const Match& match, turn::Action action) {
  const auto& headers = call.head().headers;
  co_await http::require_json(headers.find("content-type"));
  co_await http::require_acceptable(headers.find("accept"), sse::kContentType);
  const Caller caller = co_await who_is_calling(call, match.route.operation->access);
  json::Document body;
  TurnRequest request = co_await read_turn_request(call, match, caller, body);
  const bool is_take = action != turn::Action::say;
  if (is_take) request.action = action;
  if (action == turn::Action::go_on) request.instruction = instruction_to_go_on();

  const auto limits = engine::read_turn_limits(call);
  const auto text_tokens = limits.history_tokens / 2;
  // Before anything is written: what cannot be read leaves nothing behind.
  Asked asked = co_await read_asked(call, caller, body, text_tokens);
  request.system_prompt = asked.task.system_prompt();
  request.prompt = asked.task.prompt.label;
  request.message_metadata = describe(asked, body);
  if (is_take) {
    request.task_prompts = task_prompts_json();
    request.task_prompt_labels = task_prompt_labels_json();
  }
  request.dossier_heading = dossier_heading();
  const auto worth = dossier::worth_of(request.text);
  request.is_worth_extracting = worth == dossier::Worth::told;
  auto turn = co_await engine::begin_turn(call, caller, request, asked.models, limits);
  Framing framing(caller.new_guest_token, turn.base_bytes);
  auto head = engine::event_stream_head();
  if (turn.is_replayed) {
    head.headers.add("idempotent-replayed", "true");
    co_await engine::follow_turn(call, caller,
                                 {turn::TurnKey::Kind::generation_id, turn.generation_id},
                                 turn.base_bytes, framing, std::move(head));
    co_return {};
  }
  // Only the database knows what an earlier message asked for.
  std::optional<Asked> kept;
  if (!turn.message_metadata.empty()) {
    const json::Document message = co_await json::parse(turn.message_metadata);
    auto read = co_await runtime::attempt(read_asked(call, caller, message, text_tokens));
    if (!read) {
      co_await engine::abandon_turn(call, turn, asked.models.front(), read.error());
      co_return tl::unexpected(std::move(read.error()));
    }
    kept.emplace(std::move(*read));
    request.system_prompt = kept->task.system_prompt();
  }
  Asked& answered = kept ? *kept : asked;
  // Other takes are read if the first one was, which the database knows.
  if (!is_take) {
    request.is_worth_extracting |=
        !is_chat(answered.task) ||
        (worth == dossier::Worth::answer && ends_with_question(turn.history_json()));
  }
  co_await engine::stream_turn(call, caller, std::move(turn), request, answered.models, limits,
                               framing, std::move(head), std::move(answered.attachments));
  co_return {};
}

}  // namespace

Task<Result<void>> say(Call& call, const Match& match) {
  return serve_turn(call, match, turn::Action::say);
}

Task<Result<void>> regenerate(Call& call, const Match& match) {
  return serve_turn(call, match, turn::Action::regenerate);
}

Task<Result<void>> go_on(Call& call, const Match& match) {
  return serve_turn(call, match, turn::Action::go_on);
}

Task<Result<void>> resume(Call& call, const Match& match) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), sse::kContentType);
  const Caller caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  std::string checked;
  co_await api::append_path_ids(checked, match.captures);
  const auto known = co_await engine::known_bytes(call);
  Framing framing({}, known);
  co_await engine::follow_turn(call, caller,
                               {turn::TurnKey::Kind::stream_id, match.captures.front().value},
                               known, framing, engine::event_stream_head());
  co_return {};
}

}  // namespace fabula::chat_function
