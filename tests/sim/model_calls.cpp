// The ledger of calls to models: over runs with faults, retries, fallbacks and work after turns it
// has the tokens that the providers report, each once.
#include <random>
#include <string>
#include <vector>

#include "functions/tasks/tasks.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;
using End = ModelAnswer::End;

namespace {

struct Tokens {
  std::int64_t requests = 0;
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;

  bool operator==(const Tokens&) const = default;
};

std::string usage_event(const Tokens& usage) {
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  return "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":" + number(usage.input) +
         ",\"completion_tokens\":" + number(usage.output) +
         ",\"prompt_tokens_details\":{\"cached_tokens\":" + number(usage.cached) +
         "},\"completion_tokens_details\":{\"reasoning_tokens\":" + number(usage.reasoning) +
         "}}}\n\n";
}

std::string reason_event(std::string_view reason) {
  return "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" +
         std::string(reason) + "\"}]}\n\n";
}

class Scripts {
 public:
  explicit Scripts(std::uint32_t seed) : random_(seed) {}

  // Scripts answers to this many requests, one in four of them proper.
  void fill(ScriptedModel& model, int requests) {
    for (int i = 0; i < requests; ++i) {
      Tokens usage;
      model.first_answers.push_back(one(usage));
      usages_.push_back({&model, i, usage});
    }
  }

  // The sum of the usage that the models have reported for the requests that were made.
  Tokens told() const {
    Tokens total;
    for (const auto& [model, number, usage] : usages_) {
      if (static_cast<std::size_t>(number) >= model->exchanges.size()) continue;
      ++total.requests;
      total.input += usage.input;
      total.cached += usage.cached;
      total.output += usage.output;
      total.reasoning += usage.reasoning;
    }
    return total;
  }

  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

 private:
  struct Scripted {
    const ScriptedModel* model;
    int number;
    Tokens usage;
  };

  ModelAnswer one(Tokens& usage) {
    const Tokens counts{0, 1 + below(1000), below(100), 1 + below(500), below(50)};
    const auto text = text_event("A red fox.");
    switch (below(8)) {
      case 0:
        return refusal(503);
      case 1:
        return refusal(401);
      case 2:
        return unreachable();
      case 3:  // reports usage, but no text
        usage = counts;
        return stream(usage_event(counts));
      case 4:
        usage = counts;
        return stream(text + usage_event(counts), End::break_connection);
      case 5:  // reports usage, and is silent from then on
        usage = counts;
        return stream(usage_event(counts), End::stay_open);
      default:
        usage = counts;
        return stream(text + reason_event("stop") + usage_event(counts) + "data: [DONE]\n\n");
    }
  }

  std::mt19937 random_;
  std::vector<Scripted> usages_;
};

void add(Tokens& total, const json::Document& calls) {
  const auto count = [](const json::Document& call, const char* key) {
    return json::integer_at(call, key).value_or(0);
  };
  for (const auto& call : calls) {
    ++total.requests;
    total.input += count(call, "input_tokens");
    total.cached += count(call, "cached_tokens");
    total.output += count(call, "output_tokens");
    total.reasoning += count(call, "reasoning_tokens");
  }
}

Tokens recorded(const ScriptedDatabase& database) {
  Tokens total;
  for (const auto& request : database.requests) {
    for (const char* key : {"attempts", "calls"}) {
      const auto* calls = json::find(request, key);
      if (calls && calls->is_array()) add(total, *calls);
    }
  }
  return total;
}

}  // namespace

TEST_CASE("turns: the tokens of every attempt, as the providers have counted them") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    RouteWorld chat;
    chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "2000";
    chat.world.environment["FABULA_IDLE_TIMEOUT_MS"] = "2000";
    Scripts scripts(seed);
    for (auto* model : {&chat.model, &chat.second, &chat.third}) scripts.fill(*model, 12);
    for (int turn = 0; turn < 3; ++turn) {
      auto& client = chat.post(R"({"text":"Tell me."})");
      // Some clients leave before the end.
      if (scripts.below(3) == 0) {
        chat.world.run_for(scripts.below(60));
        client.leave();
      }
      chat.world.run();
    }
    const auto told = scripts.told();
    const auto ledger = recorded(chat.database);
    // If a client leaves at once, the request is made but does not arrive, and the answer's usage
    // is not received.
    CHECK(ledger.requests >= told.requests);
    CHECK(ledger.input <= told.input);
    CHECK(ledger.output <= told.output);
  }
  for (std::uint32_t seed = 100; seed <= 160; ++seed) {
    CAPTURE(seed);
    RouteWorld chat;
    chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "2000";
    chat.world.environment["FABULA_IDLE_TIMEOUT_MS"] = "2000";
    Scripts scripts(seed);
    for (auto* model : {&chat.model, &chat.second, &chat.third}) scripts.fill(*model, 12);
    for (int turn = 0; turn < 3; ++turn) {
      chat.post(R"({"text":"Tell me."})");
      chat.world.run();
    }
    CHECK(recorded(chat.database) == scripts.told());
  }
}

TEST_CASE("work after turns: the tokens of every request, whether it is stored or given back") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    RouteWorld edge;
    edge.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "2000";
    edge.world.environment["FABULA_IDLE_TIMEOUT_MS"] = "2000";
    edge.database.answers = {
        {"claim_step", R"({"step":{"job_id":"j","step":1,"kind":"session_summary",
           "lease_token":"l","user_id":"u","previous_summary":null,
           "messages":[{"role":"user","content":"It is red."}]}})"},
        {"record_model_calls", "{}"}};
    Scripts scripts(seed);
    // One step in three belongs to another worker when it is done.
    if (seed % 3 != 0) {
      edge.database.answers["commit_step"] = R"({"status":"done"})";
      edge.database.answers["fail_step"] = R"({"status":"queued"})";
    }
    for (auto* model : {&edge.model, &edge.second, &edge.third}) scripts.fill(*model, 40);
    edge.world.call(&tasks_function::handle,
                    "POST http://edge/functions/v1/tasks/run\napikey: sb_secret_simulated\n"
                    "content-type: application/json\n",
                    R"({"limit":4})");
    edge.world.run();
    Tokens told = scripts.told();
    REQUIRE(told.requests > 0);
    if (seed % 3 != 0) {
      CHECK(recorded(edge.database) == told);
      continue;
    }
    // Each call is sent to commit_step and fail_step in vain, and then to record_model_calls.
    Tokens ledger;
    for (std::size_t i = 0; i < edge.database.calls.size(); ++i) {
      if (edge.database.calls[i] != "record_model_calls") continue;
      add(ledger, *json::find(edge.database.requests[i], "calls"));
    }
    CHECK(ledger == told);
  }
}
