// A kind of work that exists here alone: added without a line in the engine, the database or the
// functions. It writes a text part by part.
#include <string>

#include "shared/settings/table.hpp"
#include "tests/sim/route_world.hpp"
#include "wasm/engine/jobs/worker.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

Result<engine::Endpoints> models(engine::Call& call) {
  return engine::resolve_route(call, settings::named("MODEL_CHAT"));
}

// The plan is a first step that adds those after it; each of them is a paragraph.
runtime::Task<Result<void>> write_part(engine::JobStep& step) {
  const auto* payload = json::find(step.work(), "payload");
  const auto part = payload ? json::integer_at(*payload, "part") : std::nullopt;
  if (!part) {
    co_await step.commit("{}", {.message = "Planned.", .next_steps = R"([{"part":1},{"part":2}])"});
    co_return {};
  }
  co_await step.report({.message = "Writing."});
  const std::string question = "Write part " + std::to_string(*part) + ".";
  const engine::Completion answer =
      co_await step.complete({.system_prompt = "You write.", .user_text = question});
  std::string result;
  json::Writer(result).begin_object().key("text").string(answer.text).end_object();
  co_await step.commit(result);
  co_return {};
}

constexpr engine::JobKind kWriting{"test_writing", &models, &write_part};
constexpr std::array kKinds{&kWriting};

runtime::Task<void> handle(runtime::Context& context) {
  engine::Call call(context, "writing");
  REQUIRE(call.read_head());
  REQUIRE(call.read_settings());
  const auto worker = engine::JobWorker::make(call, kKinds);
  REQUIRE(worker);
  for (;;) {
    const auto end = co_await runtime::attempt(worker->work(call, 50'000));
    REQUIRE(end);
    if (end->outcome == engine::StepEnd::Outcome::nothing) break;
  }
  co_await call.send({});
}

// The database's side of one job: a plan, then the steps that it has added, one after another.
struct WritingWorld : RouteWorld {
  WritingWorld() {
    model.tell(kStory, 20);
    give(R"({})");
    database.answers["commit_step"] = R"({"status":"done"})";
    database.answers["fail_step"] = R"({"status":"queued"})";
    database.answers["report_step"] = R"({"leased_until":"2030-01-01T00:00:00Z"})";
    database.fault = [this](const std::string& function) {
      if (function == "claim_step" && claims++ > 0) {
        if (claims <= 3) {
          give("{\"part\":" + std::to_string(claims - 1) + "}");
        } else {
          database.answers["claim_step"] = R"({"step":null})";
        }
      }
      return ScriptedDatabase::Fault::none;
    };
  }
  void give(const std::string& payload) {
    database.answers["claim_step"] =
        R"({"step":{"job_id":"j","step":1,"kind":"test_writing","lease_token":"l","payload":)" +
        payload + "}}";
  }
  std::size_t called(std::string_view function) const {
    std::size_t count = 0;
    for (const auto& call : database.calls) count += call == function ? 1 : 0;
    return count;
  }
  int claims = 0;
};

}  // namespace

TEST_CASE("a kind that exists in a test alone plans, writes its parts and tells how far it is") {
  WritingWorld edge;
  edge.world.call(&handle, "POST http://edge/functions/v1/writing\n");
  edge.world.run();
  CHECK(edge.world.unfinished_requests() == 0);
  REQUIRE(edge.database.calls == std::vector<std::string>{"claim_step", "commit_step", "claim_step",
                                                          "report_step", "commit_step",
                                                          "claim_step", "report_step",
                                                          "commit_step", "claim_step"});
  CHECK(json::dump(*json::find(edge.database.requests[0], "kinds")) == R"(["test_writing"])");
  CHECK(json::find(edge.database.requests[1], "next_steps")->size() == 2);
  const auto& commit = edge.database.requests[4];
  CHECK(json::string_at(*json::find(commit, "result"), "text") == kStory);
  CHECK(json::find(commit, "calls")->size() == 1);
  CHECK(edge.model.exchanges.size() == 2);
}

TEST_CASE("what such a kind cannot do is given back, with the calls that it took") {
  WritingWorld edge;
  edge.claims = 1;
  for (auto* model :
       std::initializer_list<ScriptedModel*>{&edge.model, &edge.second, &edge.third}) {
    answer_always(*model, refusal(401));
  }
  edge.world.call(&handle, "POST http://edge/functions/v1/writing\n");
  edge.world.run();
  CHECK(edge.called("fail_step") == 2);
  CHECK(edge.called("commit_step") == 0);
}
