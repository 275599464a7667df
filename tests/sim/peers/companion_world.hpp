// Calls /companion in the simulation, with a database that has one conversation.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "functions/companion/companion.hpp"
#include "tests/sim/peers/chat_client.hpp"
#include "tests/sim/peers/realtime_client.hpp"

namespace fabula::tests {

inline const std::string kConversation = "00000000-0000-4000-8000-000000000901";

struct CompanionWorld : ChatWorld {
  CompanionWorld() : ChatWorld(1) {
    model.tell("Once upon a time there lived a fox.", 20);
    database.answers["create_guest"] =
        R"({"user_id":"user-1","expires_at":"2027-01-01T00:00:00Z"})";
    database.functions["start_conversation"] = [this](const json::Document& request) {
      database.sessions[kConversation] = {};
      auto character = json::Document();
      if (const auto* id = json::find(request["body"], "character_id")) character = *id;
      const json::Document body = {
          {"id", kConversation},
          {"character_id", character},
          {"messages",
           json::Document::array({{{"role", "assistant"}, {"content", "Good evening."}}})}};
      return ScriptedDatabase::Answer{201,
                                      json::dump(json::Document{{"body", body}, {"status", 201}})};
    };
    database.functions["read_conversation"] = [](const json::Document& request) {
      if (text_in(request, "conversation_id") != kConversation) {
        return ScriptedDatabase::refusal("PT404", "not_found");
      }
      const json::Document body = {
          {"id", kConversation}, {"character_id", nullptr}, {"messages", json::Document::array()}};
      return ScriptedDatabase::Answer{200, json::dump(json::Document{{"body", body}})};
    };
  }

  sim::Client& open(const std::string& protocols = {}, const std::string& more_headers = {}) {
    std::string head =
        "GET http://edge/functions/v1/companion/ws/chat\n"
        "connection: Upgrade\nupgrade: websocket\n" +
        more_headers;
    if (!protocols.empty()) head += "sec-websocket-protocol: " + protocols + "\n";
    auto& client = world.call(&companion_function::handle, head);
    world.run_for(500);
    return client;
  }

  void send(sim::Client& client, std::string_view type, const std::string& body = {}) {
    client.send_text(typed(type, body));
    world.run_for(5'000);
  }

  void end(sim::Client& client) {
    client.close(1000);
    world.run();
    CHECK(world.unfinished_requests() == 0);
    CHECK(world.open_exchanges() == 0);
  }

  std::size_t called(std::string_view function) const {
    return static_cast<std::size_t>(
        std::count(database.calls.begin(), database.calls.end(), function));
  }

  json::Document request_of(std::string_view function) const {
    for (std::size_t i = 0; i < database.calls.size(); ++i) {
      if (database.calls[i] == function) return database.requests[i];
    }
    return {};
  }
};

}  // namespace fabula::tests
