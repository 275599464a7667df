#include "shared/protocols/realtime/json_protocol.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/api/schema.hpp"
#include "shared/json/text.hpp"
#include "shared/protocols/realtime/json_framing.hpp"

namespace fabula::protocols::realtime {
namespace {

using api::Field;
using api::Schema;
using api::Type;

constexpr std::int64_t kMaximumIdBytes = 128;
constexpr std::int64_t kLargestNumber = (std::int64_t{1} << 53) - 1;

constexpr std::array kHelloFields{
    Field{.name = "last_event_id", .type = Type::integer, .maximum = kLargestNumber}};
constexpr std::array kMessageFields{
    Field{
        .name = "id", .is_required = true, .maximum_bytes = kMaximumIdBytes, .is_not_blank = true},
    Field{.name = "text",
          .is_required = true,
          .maximum_bytes = turn::kMaximumSaidBytes,
          .is_not_blank = true},
    Field{.name = "mode", .maximum_bytes = kMaximumIdBytes}};
constexpr std::array kCancelFields{Field{
    .name = "id", .is_required = true, .maximum_bytes = kMaximumIdBytes, .is_not_blank = true}};
constexpr std::array kAcknowledgeFields{
    Field{.name = "bytes", .type = Type::integer, .is_required = true, .maximum = kLargestNumber}};

constexpr Schema kHello{"RealtimeHello", "", kHelloFields};
constexpr Schema kMessage{"RealtimeMessage", "", kMessageFields};
constexpr Schema kCancel{"RealtimeCancel", "", kCancelFields};
constexpr Schema kAcknowledge{"RealtimeAcknowledgement", "", kAcknowledgeFields};

// Checks the message and returns its content, or the fault.
template <class Make>
Result<turn::Said> checked(const json::Document& message, const Schema& schema, const Make& make) {
  if (auto sound = api::check_body(message, schema); !sound) {
    return tl::unexpected(std::move(sound.error()));
  }
  return turn::Said(make());
}

Result<turn::Said> read_message(const json::Document& message) {
  const auto text = [&message](std::string_view key) {
    return std::string(json::string_at(message, key).value_or(""));
  };
  const auto type = json::string_at(message, "type").value_or("");
  if (type == "message") {
    return checked(message, kMessage,
                   [&] { return turn::said::Message{text("id"), text("text"), text("mode"), {}}; });
  }
  if (type == "ack") {
    return checked(message, kAcknowledge, [&] {
      return turn::said::Acknowledge{
          static_cast<std::uint64_t>(json::integer_at(message, "bytes").value_or(0))};
    });
  }
  if (type == "hello") {
    return checked(message, kHello,
                   [&] { return turn::said::Hello{json::integer_at(message, "last_event_id")}; });
  }
  if (type == "cancel") {
    return checked(message, kCancel, [&] { return turn::said::Cancel{text("id")}; });
  }
  if (type == "ping") return turn::Said(turn::said::Ping{});
  if (type == "pong") return turn::Said(turn::said::Pong{});
  return problem(ErrorCode::invalid_request,
                 "The type of a message is hello, message, cancel, ack, ping or pong.");
}

class JsonProtocol final : public turn::SocketProtocol {
 public:
  std::string_view name() const override { return "fabula.v1"; }
  bool begins_with_hello() const override { return true; }
  bool is_acknowledged() const override { return true; }
  bool is_pinged() const override { return true; }

  Result<turn::Said> read(std::string_view message) const override {
    const auto document = json::parse(message);
    if (!document) return tl::unexpected(document.error());
    return read_message(*document);
  }

  std::string id_of_refused(std::string_view message) const override {
    const auto document = json::parse(message);
    if (!document || json::string_at(*document, "type") != "message") return {};
    const auto id = json::string_at(*document, "id").value_or("");
    return id.size() <= std::size_t{kMaximumIdBytes} ? std::string(id) : std::string();
  }

  std::unique_ptr<turn::Framing> framing(turn::SocketTelling telling) const override {
    return std::make_unique<JsonFraming>(std::move(telling));
  }

  void ping(std::string& out) const override { out.append(R"({"type":"ping"})"); }
  void pong(std::string& out) const override { out.append(R"({"type":"pong"})"); }
  void refusal(std::string& out, std::string_view id, const Problem& problem) const override {
    write_failure(out, id, {problem});
  }
  void taken_back(std::string& out, std::string_view id) const override {
    json::Writer writer(out);
    writer.begin_object().key("type").string("done").key("id").string(id);
    writer.key("finish_reason").string("cancelled").end_object();
  }
  void reconnect(std::string& out, std::int64_t after_ms) const override {
    json::Writer writer(out);
    writer.begin_object().key("type").string("reconnect");
    writer.key("after_ms").integer(after_ms).end_object();
  }
};

constexpr JsonProtocol kJson;

}  // namespace

constinit const turn::SocketProtocol& kJsonProtocol = kJson;

void write_ready(std::string& out, const Ready& ready) {
  json::Writer writer(out);
  writer.begin_object().key("type").string("ready");
  writer.key("session_id").string(ready.session_id).key("user_id").string(ready.user_id);
  if (!ready.new_guest_token.empty()) writer.key("guest_token").string(ready.new_guest_token);
  writer.key("start_time").string(ready.start_time);
  writer.key("last_event_id").integer(ready.last_event_id);
  writer.key("events").begin_array();
  for (const auto& event : ready.events) fabula::realtime::write_event(writer, event);
  writer.end_array();
  writer.key("has_more").boolean(ready.has_more);
  if (!ready.running.empty()) writer.key("running").string(ready.running);
  writer.end_object();
}

void write_event(std::string& out, const fabula::realtime::Event& event) {
  json::Writer writer(out);
  writer.begin_object().key("type").string("event").key("event");
  fabula::realtime::write_event(writer, event);
  writer.end_object();
}

}  // namespace fabula::protocols::realtime
