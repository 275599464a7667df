// A route of three models, and how one of them fails.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tests/sim/peers/chat_client.hpp"

namespace fabula::tests {

inline const std::string kStory =
    "Once upon a time there lived a fox who wrote letters to the sea.";

// The second and the third model tell the story.
struct RouteWorld : ChatWorld {
  RouteWorld() : ChatWorld(1) {
    world.environment["MODEL_CHAT"] = "local:first,ollama:second,llamacpp:third";
    second.tell(kStory, 20);
    third.tell(kStory, 20);
  }
  ScriptedModel second{world, "http://127.0.0.1:11434/v1"};
  ScriptedModel third{world, "http://127.0.0.1:8080/v1"};
};

inline ModelAnswer refusal(std::uint32_t status, const std::string& headers = {}) {
  ModelAnswer answer;
  answer.status = status;
  answer.headers = headers;
  answer.pieces = {{0, R"({"error":{"message":"no"}})"}};
  return answer;
}

inline ModelAnswer unreachable() {
  ModelAnswer answer;
  answer.is_unreachable = true;
  return answer;
}

inline ModelAnswer stream(const std::string& bytes,
                          ModelAnswer::End end = ModelAnswer::End::close) {
  ModelAnswer answer;
  answer.pieces = {{0, bytes}};
  answer.end = end;
  return answer;
}

inline ModelAnswer silence() { return stream("", ModelAnswer::End::stay_open); }

// From now on every request gets this answer.
inline void answer_always(ScriptedModel& model, const ModelAnswer& answer) {
  static_cast<ModelAnswer&>(model) = answer;
}

inline std::string error_code(const sim::Client& client) {
  const auto events = read_events(client);
  const auto* error = events.find("error");
  return error ? std::string(json::string_at(*json::find(*error, "error"), "code").value_or(""))
               : "";
}

// The story was told, and client, row and log name the model that told it after this many attempts.
inline void check_answered_by(const ChatWorld& chat, const sim::Client& client,
                              std::string_view provider, std::string_view model, int attempts) {
  const auto events = read_events(client);
  CHECK(events.text == kStory);
  REQUIRE(events.find("metadata"));
  CHECK(events.find("done"));
  CHECK_FALSE(events.find("error"));
  const auto log = json::parse(chat.world.log().back());
  REQUIRE(log);
  const auto& row = chat.database.requests.back();
  for (const auto* told : {json::find(*events.find("metadata"), "metadata"), &row, &*log}) {
    CHECK(json::string_at(*told, "provider") == provider);
    CHECK(json::string_at(*told, "model") == model);
  }
  CHECK(json::integer_at(*log, "attempts") == attempts);
  CHECK(json::string_at(row, "status") == "complete");
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

}  // namespace fabula::tests
