#include "functions/story/generate.hpp"

#include <string>
#include <utility>

#include "functions/story/begin.hpp"
#include "functions/story/event_sink.hpp"
#include "functions/story/follow.hpp"
#include "functions/story/request.hpp"
#include "wasm/engine/jobs/watch.hpp"

namespace fabula::story_function {
namespace {

using engine::AnswerForm;
using engine::Call;
using engine::Match;
using runtime::Task;

// Sends an answer that existed already.
Task<Result<void>> tell_cached(Call& call, const Request& request, const Facts& facts,
                               const json::Document& result) {
  const auto headers = headers_of(facts, request.caller);
  if (request.form == AnswerForm::whole) {
    co_await send_json(call, 200, answer_of(result, facts), headers);
    co_return {};
  }
  EventSink sink(call);
  co_await sink.begin(headers);
  sink.done(answer_of(result, facts), {});
  co_await sink.end();
  co_return {};
}

Task<Result<void>> generate(Call& call, const Match& match, story::Route route) {
  const Request request = co_await read_request(call, match, route);
  const story::BegunStory begun = co_await begin(call, request);
  const Facts facts = facts_of(request, begun);
  if (begun.cached.is_object()) {
    co_await tell_cached(call, request, facts, begun.cached);
  } else if (request.form == AnswerForm::stream) {
    co_await answer_stream(call, request.caller, facts, {});
  } else {
    co_await answer_whole(call, request.caller, facts);
  }
  co_return {};
}

}  // namespace

Task<Result<void>> improve_idea(Call& call, const Match& match) {
  return generate(call, match, story::Route::ideas);
}

Task<Result<void>> set_up(Call& call, const Match& match) {
  return generate(call, match, story::Route::setup);
}

Task<Result<void>> generate_premise(Call& call, const Match& match) {
  return generate(call, match, story::Route::premise);
}

Task<Result<void>> generate_outline(Call& call, const Match& match) {
  return generate(call, match, story::Route::outline);
}

Task<Result<void>> refine_outline(Call& call, const Match& match) {
  return generate(call, match, story::Route::refine);
}

Task<Result<void>> generate_start(Call& call, const Match& match) {
  return generate(call, match, story::Route::start);
}

Task<Result<void>> go_on(Call& call, const Match& match) {
  return generate(call, match, story::Route::continuation);
}

Task<Result<void>> regenerate_scene(Call& call, const Match& match) {
  return generate(call, match, story::Route::scene);
}

Task<Result<void>> generate_full(Call& call, const Match& match) {
  const Request request = co_await read_request(call, match, story::Route::full);
  const story::BegunStory begun = co_await begin(call, request);
  const Facts facts = facts_of(request, begun);
  json::Document accepted = json::Document::object();
  accepted["status"] = begun.cached.is_object() ? "completed" : "pending";
  accepted["message"] = begun.cached.is_object()
                            ? "The story has been written already: read its result."
                            : "The story will be written. Follow it by its task_id.";
  accepted["status_url"] = "/story/task/" + facts.task_id + "/status";
  co_await send_json(call, 202, answer_of(accepted, facts), headers_of(facts, request.caller));
  if (begun.cached.is_object()) co_return {};
  auto principal = request.caller.principal;
  // A new guest exists at this point.
  if (principal.kind == auth::Principal::Kind::new_guest) {
    principal.kind = auth::Principal::Kind::guest;
  }
  co_await engine::go_on_with_story(call, principal, facts.task_id);
  co_return {};
}

}  // namespace fabula::story_function
