#include "functions/companion/partner.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "functions/companion/conversation.hpp"
#include "shared/database/account.hpp"
#include "shared/database/companion.hpp"
#include "shared/database/rpc.hpp"
#include "shared/text/uuid.hpp"
#include "wasm/engine/acting.hpp"
#include "wasm/engine/admission.hpp"
#include "wasm/engine/digest.hpp"

namespace fabula::companion_function {
namespace {

using engine::Call;
using engine::Caller;
using engine::SocketNews;
using runtime::Task;

// An id of a checked message; empty without one.
std::string id_at(const json::Document& body, std::string_view key) {
  const auto sent = json::string_at(body, key);
  return sent ? text::normalize_uuid(*sent).value_or("") : "";
}

// Reads a conversation, or begins one: the answer's body.
Task<Result<json::Document>> open_conversation(Call& call, const Caller& caller,
                                               const json::Document& body) {
  const auto conversation_id = id_at(body, "conversation_id");
  const auto character_id = id_at(body, "character_id");
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("principal");
  auth::write_principal(writer, caller.principal);
  if (conversation_id.empty()) {
    writer.key("body").begin_object();
    if (!character_id.empty()) writer.key("character_id").string(character_id);
    writer.end_object();
  } else {
    writer.key("conversation_id").string(conversation_id);
    writer.key("query").begin_object().key("limit").integer(1).end_object();
  }
  writer.end_object();
  const auto& function =
      conversation_id.empty() ? database::kStartConversation : database::kReadConversation;
  const std::string answer = co_await engine::call_with_body(call.context(), call.database(),
                                                             function, database::body_of(request));
  auto envelope = co_await json::parse(answer);
  auto* found = json::find(envelope, "body");
  if (!found || !found->is_object()) {
    co_return database::unexpected_answer(function.name);
  }
  co_return std::move(*found);
}

// The only message of a conversation that has just begun.
std::string greeting_of(const json::Document& conversation) {
  const auto* messages = json::find(conversation, "messages");
  if (!messages || !messages->is_array() || messages->size() != 1) return {};
  return std::string(json::string_at(messages->front(), "content").value_or(""));
}

}  // namespace

// A new guest is made at once, so that everything from now on belongs to that guest.
Task<Result<SocketNews>> CompanionPartner::open(Call& call, Caller& caller,
                                                const turn::SocketProtocol&,
                                                const turn::said::Hello&) {
  if (caller.principal.kind == auth::Principal::Kind::new_guest) {
    const std::string admission = co_await engine::describe_admission(call);
    const auto created =
        co_await engine::call_function(call.context(), call.database(), database::kCreateGuest,
                                       {caller.principal, nullptr, admission});
    caller.principal.kind = auth::Principal::Kind::guest;
    state_.new_guest_token = caller.new_guest_token;
    call.log().user_id = created.user_id;
  }
  co_return SocketNews{};
}

Task<Result<SocketNews>> CompanionPartner::start(Call& call, Caller& caller,
                                                 const turn::said::Start& start) {
  const auto user_id = id_at(start.body, "user_id");
  co_await engine::check_claimed_user(user_id, caller);
  const auto conversation = co_await open_conversation(call, caller, start.body);
  state_.conversation_id = json::string_at(conversation, "id").value_or("");
  const bool is_new = id_at(start.body, "conversation_id").empty();
  SocketNews news;
  std::string message;
  protocols::companion::write_started(message, state_,
                                      json::string_at(conversation, "character_id").value_or(""),
                                      is_new ? greeting_of(conversation) : std::string());
  news.messages.push_back(std::move(message));
  co_return news;
}

std::unique_ptr<engine::Conversation> CompanionPartner::make_conversation() {
  return std::make_unique<CompanionConversation>();
}

Task<Result<engine::TurnRequest>> CompanionPartner::request(Call& call, const turn::Kind& kind,
                                                            const turn::said::Message& message) {
  engine::TurnRequest request{.kind = &kind, .text = message.text};
  request.session_id = id_at(message.body, "conversation_id");
  if (request.session_id.empty() && json::string_at(message.body, "type") == "message") {
    request.session_id = state_.conversation_id;
  }
  // The database refuses any user but the caller.
  request.claimed_user_id = id_at(message.body, "user_id");
  fill_in(call, kind, request, id_at(message.body, "character_id"));
  if (!message.id.empty()) {
    // A message that begins a conversation cannot name it, even when it is sent again.
    std::string scope = id_at(message.body, "conversation_id");
    if (scope.empty()) scope = json::string_at(message.body, "type").value_or("");
    const std::string named =
        co_await engine::sha256_hex(call.context(), scope + "\n" + message.id);
    request.idempotency_key = "companion:" + named;
    request.request_hash = co_await engine::sha256_hex(call.context(), message.text);
  }
  co_return request;
}

}  // namespace fabula::companion_function
