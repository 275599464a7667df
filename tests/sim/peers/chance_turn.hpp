// A turn in which everything that can happen does so by chance: models that fail, answer and fall
// silent, a client that is slow or leaves, cancels, isolates that end, a database whose calls get
// lost or come twice. The same seed gives the same turn.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/peers/chat_client.hpp"

namespace fabula::tests {

// What a model has for one request.
struct ScriptedStory {
  std::string text;
  bool is_whole = true;           // it is told to its end
  std::int64_t asked_at_ms = -1;  // never
};

class ChanceTurn {
 public:
  static constexpr std::size_t kRequestsPerModel = 2;

  explicit ChanceTurn(std::uint64_t seed);

  // From the request to the end of all work.
  void play();
  // The same request again, after a minute and with a database without faults.
  const sim::Client& come_back();

  bool has_begun() const { return !chat.database.generations.empty(); }
  const StoredGeneration& generation() const { return chat.database.generations.at(0); }
  // How many requests the models have had, and how many they may have.
  std::size_t asked() const;
  std::size_t most_asked() const { return models_.size() * kRequestsPerModel; }
  // Of the last request; nullptr when no model was asked.
  const ScriptedStory* last_story() const;

  ChatWorld chat;
  sim::Client* client = nullptr;
  const sim::Client* follower = nullptr;  // who sent the same request while the first was running
  bool has_left = false;
  bool was_killed = false;
  bool was_cancelled_in_vain = false;  // the reply ran on, although its saves got through

 private:
  void script_host();
  void script_database();
  void script_models();
  ModelAnswer script_answer(ScriptedStory& story);
  void script_client();
  void script_events();
  void cancel();

  sim::Random& random_;
  std::vector<std::unique_ptr<ScriptedModel>> others_;
  std::vector<ScriptedModel*> models_;
  std::array<std::vector<ScriptedStory>, 3> stories_;  // by model and request
  int fault_percent_ = 0;
  std::string body_;
};

}  // namespace fabula::tests
