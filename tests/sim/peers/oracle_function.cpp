#include "tests/sim/peers/oracle_function.hpp"

#include <array>
#include <string>
#include <utility>

#include "shared/api/operation.hpp"
#include "shared/database/function.hpp"
#include "shared/settings/table.hpp"
#include "tests/sim/peers/json_lines.hpp"
#include "wasm/engine/conversation.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::tests {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

constexpr std::array kTools{llm::Tool{
    "weather", "What the weather is like.",
    R"({"type":"object","properties":{"place":{"type":"string"}},"required":["place"]})"}};
constexpr std::array kPurposes{turn::Purpose{"oracle", &settings::named("MODEL_CHAT"), nullptr}};
constexpr turn::Kind kOracle{
    .name = "oracle", .protocol = &kLines, .purposes = kPurposes, .tools = kTools};

class OracleConversation final : public engine::Conversation, private engine::ToolRunner {
 public:
  explicit OracleConversation(Call& call) : Conversation(kOracle), call_(call) {}

  Result<void> read(Call&, const json::Document& body, engine::TurnRequest& request) override {
    request.text = json::string_at(body, "text").value_or("");
    request.reasoning = true;
    return {};
  }
  Task<Result<engine::Answering>> before_turn(Call& call, const engine::Caller&,
                                              const json::Document&, const engine::TurnLimits&,
                                              engine::TurnRequest& request) override {
    request.system_prompt = "You are an oracle.";
    engine::Answering answering;
    answering.endpoints = co_await engine::resolve_route(call, *kPurposes[0].setting);
    co_return std::move(answering);
  }
  engine::ToolRunner* tools() override { return this; }

 private:
  Task<llm::ToolAnswer> run(const llm::ToolCall& call) override {
    const auto answer = co_await runtime::attempt(
        engine::call_with_body(call_.context(), call_.database(), {call.name, database::kNever},
                               database::body_of(call.arguments)));
    if (!answer) co_return llm::ToolAnswer{"Nobody knows.", true};
    co_return llm::ToolAnswer{*answer};
  }

  Call& call_;
};

constexpr std::array kFields{api::Field{.name = "text", .is_required = true}};
constexpr api::Schema kBody{"Question", "", kFields};
constexpr api::Operation kAsk{.id = "ask_oracle",
                              .method = "POST",
                              .pattern = "/oracle",
                              .summary = "Ask",
                              .access = api::Access::caller_or_new_guest,
                              .body = &kBody,
                              .answer = {}};
constexpr api::Operation kAskOverHttp{.id = "ask_oracle_over_http",
                                      .method = "POST",
                                      .pattern = "/oracle/stream",
                                      .summary = "Ask over HTTP",
                                      .access = api::Access::caller_or_new_guest,
                                      .body = &kBody,
                                      .answer = {}};

Task<Result<void>> ask(Call& call, const Match& match) {
  const auto caller =
      co_await engine::identify(call.context(), call.settings(), call.head().headers);
  auto body = co_await engine::read_json(call, *match.route.operation);
  OracleConversation conversation(call);
  engine::TurnRequest request{.kind = &kOracle};
  co_await conversation.read(call, body, request);
  MessageChannels channels;
  co_await engine::run_turn(call, caller, conversation, std::move(body), request, channels);
  co_return {};
}

Task<Result<void>> ask_over_http(Call& call, const Match& match) {
  OracleConversation conversation(call);
  co_await engine::serve_turn(call, match, conversation);
  co_return {};
}

constexpr std::array kRoutes{engine::EndpointRoute{&kAsk, &ask},
                             engine::EndpointRoute{&kAskOverHttp, &ask_over_http}};

}  // namespace

Task<void> serve_oracle(runtime::Context& context) {
  return engine::serve(context, "oracle", kRoutes);
}

}  // namespace fabula::tests
