// A protocol and a channel that exist only here: one line of JSON per event, each sent at once as
// its own message, as a socket would. This file is everything that a third party needs to add both.
#pragma once

#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/json/text.hpp"
#include "shared/turn/protocol.hpp"
#include "wasm/engine/conversation.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::tests {

class LinesFraming final : public turn::Framing {
 public:
  void begun(std::string& out, const turn::event::Begun& begun) override {
    line(out, "begun", "stream_id", begun.turn.stream_id);
  }
  void text(std::string& out, std::string_view text) override { line(out, "text", "text", text); }
  void reasoning(std::string& out, std::string_view text) override {
    line(out, "reasoning", "text", text);
  }
  void tool_call(std::string& out, const turn::event::ToolCall& call) override {
    line(out, "tool_call", call.name, call.arguments);
  }
  void tool_result(std::string& out, const turn::event::ToolResult& result) override {
    line(out, result.is_error ? "tool_error" : "tool_result", result.name, result.content);
  }
  void beat(std::string& out) override { line(out, "beat", "", ""); }
  void stored(std::string& out, const turn::event::Stored& stored) override {
    line(out, "stored", "message_id", stored.message_id);
  }
  void finished(std::string& out, const turn::event::Finished& finished) override {
    line(out, "finished", "reason", finished.finish_reason);
  }
  void failed(std::string& out, const turn::event::Failed& failed) const override {
    line(out, "failed", "code", facts(failed.problem.code).name);
  }
  void come_back(std::string& out) override { line(out, "come_back", "", ""); }

 private:
  static void line(std::string& out, std::string_view event, std::string_view key,
                   std::string_view value) {
    json::Writer writer(out);
    writer.begin_object().key("event").string(event);
    if (!key.empty()) writer.key(key).string(value);
    writer.end_object();
    out += '\n';
  }
};

inline std::unique_ptr<turn::Framing> make_lines(const turn::Telling&) {
  return std::make_unique<LinesFraming>();
}

inline constexpr turn::Protocol kLines{
    .name = "lines", .stream = &make_lines, .stream_type = "application/x-ndjson"};

class MessageChannel final : public engine::Channel {
 public:
  MessageChannel(engine::Call& call, turn::Framing& framing) : call_(call), framing_(framing) {}

  Result<void> begin(http::Headers&& headers) override {
    http::ResponseHead head;
    head.headers = std::move(headers);
    head.headers.set("content-type", std::string(kLines.stream_type));
    return call_.start(std::move(head));
  }
  void text(std::string_view text, std::int64_t) override { tell(turn::event::Text{text}); }
  void reasoning(std::string_view text, std::int64_t) override {
    tell(turn::event::Reasoning{text});
  }
  void tell(const turn::Event& event) override {
    if (!is_given_up()) framing_.write(messages_.emplace_back(), event);
  }
  bool has_unsent() const override { return !messages_.empty(); }
  bool is_full() const override { return messages_.size() > 100; }
  void arm(std::int64_t) override {
    if (write_ || messages_.empty()) return;
    write_.emplace(call_.context(), messages_.front());
    messages_.pop_front();
  }
  std::int64_t due_ms() const override { return std::numeric_limits<std::int64_t>::max(); }
  runtime::Waitable* waiting_for() override { return write_ ? &*write_ : nullptr; }
  void look() override {
    if (!write_ || !write_->is_ready()) return;
    if (!write_->outcome().is_ok()) give_up();
    write_.reset();
  }
  runtime::Task<void> flush() override {
    for (arm(0); write_ && !is_given_up(); arm(0)) {
      co_await runtime::first_of(*write_);
      look();
    }
  }
  runtime::Task<void> end() override {
    runtime::end_response(call_.context());
    co_return;
  }

 private:
  engine::Call& call_;
  turn::Framing& framing_;
  std::deque<std::string> messages_;
  std::optional<runtime::ResponseWrite> write_;
};

class MessageChannels final : public engine::ChannelMaker {
 public:
  std::unique_ptr<turn::Framing> make_framing(const turn::Protocol& protocol,
                                              const turn::Telling& telling) override {
    return protocol.stream(telling);
  }
  runtime::Task<void> refuse(engine::Call& call, const turn::Protocol& protocol,
                             const Problem& problem) override {
    co_await call.send(protocol.refusal(problem, call.log().request_id));
  }
  std::unique_ptr<engine::Channel> make_channel(engine::Call& call, const turn::Protocol&,
                                                turn::Framing& framing,
                                                const engine::RelayLimits&) override {
    return std::make_unique<MessageChannel>(call, framing);
  }
};

}  // namespace fabula::tests
