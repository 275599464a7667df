#include "shared/protocols/companion/socket_protocol.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/api/schema.hpp"
#include "shared/json/text.hpp"
#include "shared/turn/failure_members.hpp"

namespace fabula::protocols::companion {
namespace {

using api::Field;
using api::Type;

constexpr std::int64_t kIdleMs = std::int64_t{10} * 60 * 1000;
constexpr std::int64_t kMaximumClientIdBytes = 128;

constexpr std::array kSocketMessageFields{
    Field{.name = "id", .maximum_bytes = kMaximumClientIdBytes, .is_not_blank = true},
    Field{.name = "message", .maximum_bytes = turn::kMaximumSaidBytes, .is_not_blank = true},
    Field{.name = "conversation_id", .type = Type::uuid},
    Field{.name = "character_id", .type = Type::uuid},
    Field{.name = "user_id", .type = Type::uuid},
};
constexpr api::Schema kSocketMessage{"CompanionSocketMessage", "", kSocketMessageFields};

json::Writer begin_message(std::string& out, std::string_view type,
                           std::string_view conversation_id, std::string_view id) {
  json::Writer writer(out);
  writer.begin_object().key("type").string(type).key("conversation_id");
  if (conversation_id.empty()) {
    writer.null();
  } else {
    writer.string(conversation_id);
  }
  if (!id.empty()) writer.key("id").string(id);
  return writer;
}

void write_error(std::string& out, std::string_view conversation_id, std::string_view id,
                 const turn::event::Failed& failed) {
  const Problem& problem = failed.problem;
  const auto& code = facts(problem.code);
  auto writer = begin_message(out, "error", conversation_id, id);
  writer.key("code").string(code.name).key("message").string(problem.detail);
  writer.key("retryable").boolean(code.retryable);
  if (!problem.errors.empty()) {
    writer.key("errors").begin_array();
    for (const auto& error : problem.errors) {
      writer.begin_object().key("path").string(error.path);
      writer.key("message").string(error.message).end_object();
    }
    writer.end_array();
  }
  turn::write_failure_members(writer, failed);
  writer.end_object();
}

class SocketFraming final : public turn::Framing {
 public:
  SocketFraming(SocketState& state, turn::SocketTelling telling)
      : state_(state), telling_(std::move(telling)), conversation_id_(state.conversation_id) {}

  void begun(std::string& out, const turn::event::Begun& begun) override {
    const auto& turn = begun.turn;
    const bool is_known = state_.conversation_id == turn.session_id;
    state_.conversation_id = turn.session_id;
    conversation_id_ = turn.session_id;
    if (!is_known || !state_.new_guest_token.empty()) {
      write_started(out, state_, turn.character ? turn.character->character_id : "", {});
    }
  }
  void text(std::string& out, std::string_view text) override {
    if (text.empty()) return;
    text_.append(text);
    begin_message(out, "token", conversation_id_, telling_.id)
        .key("content")
        .string(text)
        .end_object();
  }
  void stored(std::string&, const turn::event::Stored& stored) override {
    message_id_ = stored.message_id;
  }
  void finished(std::string& out, const turn::event::Finished& finished) override {
    auto writer = begin_message(out, "message", conversation_id_, telling_.id);
    writer.key("role").string("assistant").key("content").string(text_);
    if (!message_id_.empty()) writer.key("message_id").string(message_id_);
    writer.key("finish_reason").string(finished.finish_reason).end_object();
  }
  void failed(std::string& out, const turn::event::Failed& failed) const override {
    write_error(out, conversation_id_, telling_.id, failed);
  }
  void come_back(std::string&) override {}

 private:
  SocketState& state_;
  turn::SocketTelling telling_;
  // The client may start another conversation before the reply has ended.
  std::string conversation_id_;
  std::string text_;
  std::string message_id_;
};

}  // namespace

void write_started(std::string& out, SocketState& state, std::string_view character_id,
                   std::string_view greeting) {
  auto writer = begin_message(out, "conversation_started", state.conversation_id, {});
  if (!character_id.empty()) writer.key("character_id").string(character_id);
  if (!greeting.empty()) writer.key("greeting").string(greeting);
  if (!state.new_guest_token.empty()) {
    writer.key("guest_token").string(state.new_guest_token);
    state.new_guest_token.clear();
  }
  writer.end_object();
}

std::int64_t SocketProtocol::longest_idle_ms() const { return kIdleMs; }

Result<turn::Said> SocketProtocol::read(std::string_view message) const {
  auto document = json::parse(message);
  if (!document) return tl::unexpected(std::move(document.error()));
  const auto type = json::string_at(*document, "type").value_or("");
  if (type == "ping") return turn::Said(turn::said::Ping{});
  if (type != "start_conversation" && type != "message") {
    return problem(ErrorCode::invalid_request,
                   "The type of a message is start_conversation, message or ping.");
  }
  if (auto sound = api::check_body(*document, kSocketMessage); !sound) {
    return tl::unexpected(std::move(sound.error()));
  }
  std::string text(json::string_at(*document, "message").value_or(""));
  // A conversation may be started with its first message.
  if (text.empty() && type == "message") {
    return problem(ErrorCode::invalid_request, "A message needs its text in `message`.");
  }
  if (text.empty()) return turn::Said(turn::said::Start{*std::move(document)});
  std::string id(json::string_at(*document, "id").value_or(""));
  return turn::Said(turn::said::Message{std::move(id), std::move(text), {}, *std::move(document)});
}

std::string SocketProtocol::id_of_refused(std::string_view message) const {
  const auto document = json::parse(message);
  if (!document) return {};
  const auto id = json::string_at(*document, "id").value_or("");
  return id.size() <= std::size_t{kMaximumClientIdBytes} ? std::string(id) : std::string();
}

std::unique_ptr<turn::Framing> SocketProtocol::framing(turn::SocketTelling telling) const {
  return std::make_unique<SocketFraming>(state_, std::move(telling));
}

void SocketProtocol::pong(std::string& out) const {
  begin_message(out, "pong", state_.conversation_id, {}).end_object();
}

void SocketProtocol::refusal(std::string& out, std::string_view id, const Problem& problem) const {
  write_error(out, state_.conversation_id, id, {problem});
}

}  // namespace fabula::protocols::companion
