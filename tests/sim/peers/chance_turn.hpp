// A turn with random events: models that fail, answer or fall silent, a client that is slow or
// leaves, cancels, isolates that end, a database whose calls get lost or arrive twice. The same
// seed gives the same turn.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/peers/chat_client.hpp"

namespace fabula::tests {

// A model's scripted answer to one request.
struct ScriptedStory {
  std::string text;
  bool is_whole = true;           // whether it is sent to its end
  std::int64_t asked_at_ms = -1;  // never
};

// The request of a turn, and how a follower asks for the same.
struct ChanceRequest {
  enum class Kind { message, regenerate, go_on, relay };
  Kind kind = Kind::message;
  bool is_followed_by_name = false;  // by the stream's name; else by the same request
  // For a message: members of its body after the first one, such as `,"task":"scene"`.
  std::string more = {};
  // The database stops for up to 90 seconds, its clock and the functions' differ by up to
  // two minutes, silent replies are reaped, and clients that have not got the end ask again.
  bool has_stalls = false;
};

class ChanceTurn {
 public:
  static constexpr std::size_t kRequestsPerModel = 2;

  explicit ChanceTurn(std::uint64_t seed, ChanceRequest request = {});

  // Plays from the request to the end of all work.
  void play();
  // Sends the same request again, after a minute and with a database without faults.
  const sim::Client& come_back();

  // Calls of the database fail or get lost by chance.
  bool has_faults() const { return fault_percent_ > 0; }
  bool has_begun() const { return !chat.database.generations.empty(); }
  const StoredGeneration& generation() const { return chat.database.generations.at(0); }
  // How many requests the models have had, and how many they may have.
  std::size_t asked() const;
  std::vector<const sim::Exchange*> requests_to_models() const;
  std::size_t most_asked() const { return models_.size() * kRequestsPerModel; }
  // The story of the last request; nullptr when no model was asked.
  const ScriptedStory* last_story() const;

  ChatWorld chat;
  sim::Client* client = nullptr;
  const sim::Client* follower = nullptr;  // sent the same request while the first was running
  bool has_left = false;
  bool was_killed = false;
  std::vector<const sim::Client*> resumers;  // sent it again after an answer without an end
  bool has_said_more = false;                // the next turn has begun meanwhile
  bool was_cancelled_in_vain = false;        // the reply ran on, although its saves got through

 private:
  sim::Client& send();
  sim::Client& follow();
  void script_host();
  void script_database();
  void script_models();
  ModelAnswer script_answer(ScriptedStory& story);
  void script_client();
  void script_events();
  void script_stalls();
  void resume();
  void say_more();
  void cancel();

  sim::Random& random_;
  std::vector<std::unique_ptr<ScriptedModel>> others_;
  std::vector<ScriptedModel*> models_;
  std::array<std::vector<ScriptedStory>, 3> stories_;  // by model and request
  int fault_percent_ = 0;
  ChanceRequest request_;
  bool is_detached_ = false;
};

}  // namespace fabula::tests
