// Calls /chat in the simulation and reads its event stream.
#pragma once

#include <string>
#include <vector>

#include "shared/json/document.hpp"
#include "tests/sim/peers/scripted_database.hpp"
#include "tests/sim/peers/scripted_model.hpp"
#include "wasm/sim/world.hpp"

namespace fabula::tests {

struct ChatEvents {
  std::string text;                    // all text events joined
  std::vector<json::Document> others;  // metadata, done, error
  std::string last_id;
  int comments = 0;

  const json::Document* find(std::string_view type) const;
};

// A world with the settings that chat needs, its database and its model.
struct ChatWorld {
  explicit ChatWorld(std::uint64_t seed);

  sim::World world;
  ScriptedDatabase database{world};
  ScriptedModel model{world};

  sim::Client& post(std::string body, std::string headers = {});
  // `path` is below /functions/v1, such as "chat/messages/<id>/continue".
  sim::Client& post_to(const std::string& path, std::string body, const std::string& headers = {});
  // A turn from its request to the end of all work.
  sim::Client& talk(std::string_view text, std::string_view session_id = {});
};

ChatEvents read_events(const sim::Client& client);

}  // namespace fabula::tests
