#include "tests/sim/peers/any_talk.hpp"

#include <map>

#include "shared/result/error_code.hpp"
#include "tests/sim/peers/companion_world.hpp"
#include "tests/sim/peers/realtime_client.hpp"

namespace fabula::tests {
namespace {

void take_error(const json::Document& error, std::string_view message_member, HeardAnswer& heard) {
  heard.code = text_in(error, "code");
  heard.message = text_in(error, message_member);
  heard.user_message_id = text_in(error, "user_message_id");
  heard.retry_after_ms = json::integer_at(error, "retry_after_ms").value_or(0);
  heard.is_retryable = json::boolean_at(error, "retryable").value_or(false);
}

class CompanionTalk : public AnyTalk {
 public:
  CompanionTalk() { add_models(); }
  ChatWorld& chat() override { return world_; }
  const std::vector<StoredMessage>& stored() override {
    return world_.database.sessions.begin()->second;
  }

 protected:
  CompanionWorld world_;
};

class CompanionOverHttp : public CompanionTalk {
 public:
  explicit CompanionOverHttp(bool is_whole) : is_whole_(is_whole) {}

  HeardAnswer say(const std::string& id, const std::string& text) override {
    json::Document body = {{"messages", {{{"role", "user"}, {"content", text}}}}};
    if (!conversation_id_.empty()) body["conversation_id"] = conversation_id_;
    if (!bodies_.contains(id)) bodies_[id] = json::dump(body);
    auto& client = world_.world.call(
        &companion_function::handle,
        std::string("POST http://edge/functions/v1/companion/chat") + (is_whole_ ? "" : "/stream") +
            "\ncontent-type: application/json\n" + "authorization: Bearer fg_" +
            std::string(43, 'A') + "\nidempotency-key: " + id + "\n",
        bodies_[id]);
    world_.world.run();
    if (const auto& sessions = world_.database.sessions; !sessions.empty()) {
      conversation_id_ = sessions.begin()->first;
    }
    return is_whole_ ? heard_whole(client) : heard_stream(client);
  }

 private:
  static HeardAnswer heard_whole(const sim::Client& client) {
    HeardAnswer heard;
    const auto answer = json::parse(client.body());
    if (!answer) return heard;
    heard.text = text_in(*answer, "content");
    heard.is_done = client.status() == 200;
    heard.finish_reason = text_in(*answer, "finish_reason");
    if (heard.is_done) return heard;
    take_error(*answer, "detail", heard);
    // A problem says it by its status and the header Retry-After.
    const auto code = error_code_named(heard.code);
    heard.is_retryable = code && facts(*code).retryable;
    return heard;
  }

  static HeardAnswer heard_stream(const sim::Client& client) {
    HeardAnswer heard;
    const auto events = read_events(client);
    heard.text = events.text;
    if (const auto* done = events.find("done")) {
      heard.is_done = true;
      heard.finish_reason = text_in(*done, "finish_reason");
    }
    if (const auto* error = events.find("error")) {
      take_error(*json::find(*error, "error"), "message", heard);
    }
    return heard;
  }

  bool is_whole_;
  std::string conversation_id_;
  // A message that is said again is the same request.
  std::map<std::string, std::string> bodies_;
};

// The messages about `id` that have come since `begin`, in either protocol of sockets.
HeardAnswer heard_over_socket(const sim::Client& client, std::size_t begin, const std::string& id,
                              std::string_view text_member, std::string_view end_type) {
  HeardAnswer heard;
  const auto& received = client.received();
  for (auto i = begin; i < received.size(); ++i) {
    const auto message = json::parse(received[i]);
    if (!message) continue;
    if (text_in(*message, "id") != id) continue;
    const auto type = text_in(*message, "type");
    if (type == "token") heard.text += text_in(*message, text_member);
    if (type == end_type) {
      heard.is_done = true;
      heard.finish_reason = text_in(*message, "finish_reason");
    }
    if (type == "error") take_error(*message, "message", heard);
  }
  return heard;
}

constexpr std::int64_t kLongestAnswerMs = 60'000;

class CompanionOverSocket : public CompanionTalk {
 public:
  HeardAnswer say(const std::string& id, const std::string& text) override {
    if (!client_) {
      client_ = &world_.open();
      world_.send(*client_, "start_conversation");
    }
    const auto begin = client_->received().size();
    const json::Document message = {{"type", "message"}, {"id", id}, {"message", text}};
    client_->send_text(json::dump(message));
    world_.world.run_for(kLongestAnswerMs);
    return heard_over_socket(*client_, begin, id, "content", "message");
  }

 private:
  sim::Client* client_ = nullptr;
};

class RealtimeTalk : public AnyTalk {
 public:
  RealtimeTalk() { add_models(); }
  ChatWorld& chat() override { return world_; }
  const std::vector<StoredMessage>& stored() override {
    return world_.sessions.messages(*world_.sessions.only());
  }

  HeardAnswer say(const std::string& id, const std::string& text) override {
    if (!client_) {
      client_ = &world_.open("demo123", "fabula.v1");
      world_.world.run_for(100);
      client_->send_text(typed("hello"));
      world_.world.run_for(100);
    }
    const auto begin = client_->received().size();
    const json::Document message = {{"type", "message"}, {"id", id}, {"text", text}};
    client_->send_text(json::dump(message));
    // A client of this protocol is heard of at least now and then.
    for (std::int64_t passed_ms = 0; passed_ms < kLongestAnswerMs; passed_ms += kPongGapMs) {
      world_.world.run_for(kPongGapMs);
      client_->send_text(typed("pong"));
    }
    return heard_over_socket(*client_, begin, id, "text", "done");
  }

 private:
  static constexpr std::int64_t kPongGapMs = 5'000;
  RealtimeWorld world_{1};
  sim::Client* client_ = nullptr;
};

}  // namespace

const char* name(TalkOver over) {
  switch (over) {
    case TalkOver::companion_whole:
      return "companion, whole";
    case TalkOver::companion_stream:
      return "companion, stream";
    case TalkOver::companion_socket:
      return "companion, socket";
    case TalkOver::realtime_socket:
      return "realtime, socket";
  }
  return "";
}

std::unique_ptr<AnyTalk> AnyTalk::make(TalkOver over) {
  switch (over) {
    case TalkOver::companion_whole:
      return std::make_unique<CompanionOverHttp>(true);
    case TalkOver::companion_stream:
      return std::make_unique<CompanionOverHttp>(false);
    case TalkOver::companion_socket:
      return std::make_unique<CompanionOverSocket>();
    case TalkOver::realtime_socket:
      break;
  }
  return std::make_unique<RealtimeTalk>();
}

void AnyTalk::add_models() {
  chat().world.environment["MODEL_CHAT"] = "local:first,ollama:second";
  second = std::make_unique<ScriptedModel>(chat().world, "http://127.0.0.1:11434/v1");
}

}  // namespace fabula::tests
