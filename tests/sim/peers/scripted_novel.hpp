// A story as a peer of the simulation: the database's functions for its one job, with rows in
// memory and leases by the simulated clock, and a model that plans and writes as requested.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/story/settings.hpp"
#include "tests/sim/peers/scripted_database.hpp"
#include "wasm/sim/world.hpp"

namespace fabula::tests {

class ScriptedNovel {
 public:
  // Adds its functions to the database, which must outlive it.
  ScriptedNovel(sim::World& world, ScriptedDatabase& database);
  ScriptedNovel(const ScriptedNovel&) = delete;
  ScriptedNovel& operator=(const ScriptedNovel&) = delete;

  static constexpr const char* kJob = "00000000-0000-4000-8000-0000000000aa";

  struct Scene {
    json::Document plan;
    std::string text = {};  // empty: not written
    std::string recap = {};
    std::string draft = {};
    std::int64_t length = 0;
    std::int64_t pieces = 0;
    std::int64_t retries = 0;
    json::Document findings = json::Document::array();
    int times_stored = 0;
  };

  story::Settings settings;
  std::string route = "full";
  std::string status = "pending";
  std::string premise;
  std::vector<Scene> scenes;
  std::vector<std::string> rejected;
  json::Document result;  // the last step's
  std::vector<json::Document> results;
  std::vector<json::Document> model_calls;
  int failures = 0;
  std::string error;  // of the last failure: "code: message"
  int refused = 0;    // commits and saves that came too late
  std::int64_t progress = 0;
  bool is_complete = false;

  bool is_over() const {
    return status == "completed" || status == "cancelled" || status == "failed";
  }
  std::int64_t length_written() const;

 private:
  using Answer = ScriptedDatabase::Answer;
  Answer claim(const json::Document& request);
  Answer commit(const json::Document& request);
  Answer fail(const json::Document& request);
  Answer save(const json::Document& request);
  Answer watch(const json::Document& request);
  bool has_lease(const json::Document& request) const;
  void record(const json::Document& request);
  void store(const json::Document& made);
  json::Document work() const;
  Scene* next();
  const Scene* next() const { return const_cast<ScriptedNovel*>(this)->next(); }
  void add_event(const std::string& type, json::Document body);

  sim::World& world_;
  std::int64_t step_ = 1;
  std::int64_t attempts_ = 0;  // at this step
  std::int64_t claims_ = 0;
  std::int64_t leased_until_ms_ = 0;
  std::int64_t due_ms_ = 0;
  std::string token_;
  std::int64_t draft_attempt_ = 0;
  std::string draft_;
  json::Document draft_part_;
  std::int64_t asked_ = 0;
  std::int64_t made_ = 0;
  std::vector<json::Document> events_;
};

// A model that follows a story's prompts. Its prose is different each time.
class StoryModel {
 public:
  explicit StoryModel(sim::World& world, const std::string& base_url = "http://127.0.0.1:9/v1");

  // Makes the number of words to write from the number that it is asked for.
  std::function<double()> multiple = [] { return 1.0; };
  // Says this instead, once, to the request of this number (from 0).
  std::function<std::optional<std::string>(std::size_t number, const std::string& system)> instead =
      [](std::size_t, const std::string&) { return std::nullopt; };
  // Said before each answer.
  std::string preface;
  // Breaks the connection of the request of this number after so many words; -1: never.
  std::function<int(std::size_t number)> breaks_after = [](std::size_t) { return -1; };
  std::uint32_t status = 200;
  std::string finish_reason = "stop";
  bool reports_usage = true;
  std::int64_t gap_ms = 200;  // between ten words

  std::vector<std::string> questions;
  std::vector<std::string> systems;

 private:
  void answer(const std::shared_ptr<sim::Exchange>& exchange);
  std::string text_for(const std::string& system, const std::string& question);
  std::string prose(const std::string& question);

  sim::World& world_;
  std::uint64_t random_ = 88172645463325252ULL;
};

}  // namespace fabula::tests
