#include "functions/chat/conversation.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "shared/characters/user_word.hpp"
#include "shared/dossier/extract/worth.hpp"
#include "shared/json/text.hpp"
#include "shared/text/blank.hpp"
#include "shared/turn/kinds/chat.hpp"
#include "shared/turn/kinds/companion.hpp"
#include "shared/turn/kinds/realtime.hpp"
#include "wasm/engine/attachments.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/kind_turns.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::chat_function {
namespace {

using engine::Answering;
using engine::Call;
using engine::Caller;
using engine::TurnLimits;
using engine::TurnRequest;
using runtime::Task;

const turn::Kind& kKind = turn::kinds::kChat;

// Kinds whose messages these routes also regenerate, continue and edit.
constexpr std::array kOtherKinds{&turn::kinds::kCompanion, &turn::kinds::kRealtime};

// The kind of job that reads the conversation for the dossier.
constexpr std::array kReading{&engine::kDossierExtraction};

bool is_take(const TurnRequest& request) {
  return request.action == turn::Action::regenerate || request.action == turn::Action::go_on;
}

const turn::Purpose& purpose_of(const json::Document& message) {
  return turn::purpose_named(kKind, json::string_at(message, "task").value_or(""));
}

// The purpose's system prompt; the deployment's own may replace the first purpose's.
engine::KindPrompt prompt_of(Call& call, const turn::Purpose& purpose) {
  if (turn::is_first_purpose(kKind, purpose)) return engine::kind_prompt(call, kKind);
  return {purpose.prompt->text, purpose.prompt->label};
}

// How many tokens of the history budget the texts attached to a message may use.
std::int64_t attached_tokens(const TurnLimits& limits) { return limits.history_tokens / 2; }

// Reads which models to ask and what is attached, from the body or from a message's stored
// metadata. The attached texts are whole. `request` is that of a turn that has not begun, which
// must be admitted before anything is fetched for it; nullptr once it has begun.
Task<Result<Answering>> read_answering(Call& call, const Caller& caller,
                                       const json::Document& message,
                                       const turn::ModelSettings& chosen, const TurnLimits& limits,
                                       const TurnRequest* request) {
  const auto& purpose = purpose_of(message);
  const auto& first = kKind.purposes.front();
  call.log().task = purpose.name;
  Answering answering;
  answering.endpoints =
      co_await engine::turn_models(call, chosen, *purpose.setting, *first.setting);
  if (const auto* list = json::find(message, "attachments"); list && list->is_array()) {
    if (request && co_await engine::must_fetch(call, caller, *list, answering.endpoints)) {
      co_await engine::admit_turn(call, caller, *request, answering.endpoints, limits);
    }
    answering.attachments = co_await engine::load_attachments(
        call, caller, *list, answering.endpoints, purpose.setting->name);
  }
  co_return std::move(answering);
}

// The kind of the turn's session, if it is another than chat; nullptr for chat.
const turn::Kind* other_kind(const turn::BegunTurn& turn) {
  for (const auto* kind : kOtherKinds) {
    if (turn.kind == kind->name) return kind;
  }
  return nullptr;
}

// Whether the request may concern a message of another kind, with available models.
bool may_be_of_other_kind(Call& call, const TurnRequest& request) {
  if (request.message_id.empty()) return false;
  return std::any_of(kOtherKinds.begin(), kOtherKinds.end(), [&call](const turn::Kind* kind) {
    return engine::kind_models(call, *kind).has_value();
  });
}

// The metadata to store with the message; empty when there is none.
std::string describe(const turn::Purpose& purpose, const Answering& answering,
                     const json::Document& message, const TurnLimits& limits) {
  std::string metadata;
  const bool is_plain = turn::is_first_purpose(kKind, purpose);
  if (is_plain && answering.attachments.empty()) return metadata;
  json::Writer writer(metadata);
  writer.begin_object();
  if (!is_plain) writer.key("task").string(purpose.name);
  if (!answering.attachments.empty()) {
    writer.key("attachments")
        .raw(engine::describe_attachments(*json::find(message, "attachments"),
                                          answering.attachments, attached_tokens(limits)));
  }
  writer.end_object();
  return metadata;
}

bool has_text(const engine::Attachments& attachments) {
  return std::any_of(attachments.begin(), attachments.end(), [](const llm::Attachment& attached) {
    return attached.kind == llm::Attachment::Kind::text;
  });
}

// Whether the last message before the user's ends with a question.
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

}  // namespace

ChatConversation::ChatConversation() : Conversation(kKind) {}

Result<void> ChatConversation::read(Call&, const json::Document& body, TurnRequest& request) {
  const auto text = [&body](std::string_view key) {
    return std::string(json::string_at(body, key).value_or(""));
  };
  request.reasoning = json::boolean_at(body, "reasoning").value_or(false);
  if (json::boolean_at(body, "await_dossier").value_or(false)) request.awaited_jobs = kReading;
  request.chosen = turn::read_model_settings(body);
  if (request.action == turn::Action::regenerate) request.guidance = text("guidance");
  if (is_take(request)) return {};
  request.text = text("text");
  if (const auto* list = json::find(body, "attachments"); list && list->is_array()) {
    if (auto fault = engine::check_attached_texts(*list, request.text.size()); !fault) return fault;
    if (fabula::text::is_blank(request.text)) request.text = engine::names_of_attachments(*list);
  }
  request.session_id = text("session_id");
  request.external_id = text("external_id");
  request.project_id = text("project_id");
  request.instructions = text("instructions");
  if (auto edited = text("edit_from_message_id"); !edited.empty()) {
    request.action = turn::Action::edit;
    request.message_id = std::move(edited);
  }
  return {};
}

Task<Result<Answering>> ChatConversation::before_turn(Call& call, const Caller& caller,
                                                      const json::Document& body,
                                                      const TurnLimits& limits,
                                                      TurnRequest& request) {
  Answering answering;
  if (!request.message_id.empty()) {
    request.kinds = engine::describe_kinds(call, kOtherKinds, characters::user_word(request.text));
  }
  auto own = co_await runtime::attempt(
      read_answering(call, caller, body, request.chosen, limits, &request));
  if (own) {
    answering = std::move(*own);
  } else if (own.error().code == ErrorCode::no_provider && may_be_of_other_kind(call, request)) {
    missing_model_ = std::move(own.error());
  } else {
    co_return tl::unexpected(std::move(own.error()));
  }
  purpose_ = &purpose_of(body);
  const auto prompt = prompt_of(call, *purpose_);
  request.system_prompt = prompt.text;
  request.prompt = prompt.label;
  request.message_metadata = describe(*purpose_, answering, body, limits);
  engine::fit_texts(answering.attachments, attached_tokens(limits));
  if (is_take(request)) {
    request.task_prompts = turn::kinds::task_prompts_json(kKind);
    request.task_prompt_labels = turn::kinds::task_prompt_labels_json(kKind);
  }
  request.is_worth_extracting =
      dossier::worth_of(request.text) == dossier::Worth::told || has_text(answering.attachments);
  co_return std::move(answering);
}

Task<Result<void>> ChatConversation::after_begin(Call& call, const Caller& caller,
                                                 const turn::BegunTurn& turn,
                                                 const TurnLimits& limits, TurnRequest& request,
                                                 Answering& answering) {
  if (const auto* kind = other_kind(turn)) {
    const auto& first = kKind.purposes.front();
    answering.endpoints = co_await engine::turn_models(
        call, request.chosen, *kind->purposes.front().setting, *first.setting);
    request.system_prompt = engine::kind_prompt(call, *kind).text;
    request.is_worth_extracting = false;
    co_return {};
  }
  if (missing_model_) co_return tl::unexpected(*missing_model_);
  // Only the database knows the earlier message's settings.
  if (!turn.message_metadata.empty()) {
    const json::Document message = co_await json::parse(turn.message_metadata);
    answering = co_await read_answering(call, caller, message, request.chosen, limits, nullptr);
    engine::fit_texts(answering.attachments, attached_tokens(limits));
    purpose_ = &purpose_of(message);
    request.system_prompt = prompt_of(call, *purpose_).text;
  }
  // Another take is read if the first one was, which only the database knows.
  if (!is_take(request)) {
    request.is_worth_extracting |= !turn::is_first_purpose(kKind, *purpose_) ||
                                   (dossier::worth_of(request.text) == dossier::Worth::answer &&
                                    ends_with_question(turn.history_json()));
  }
  co_return {};
}

}  // namespace fabula::chat_function
