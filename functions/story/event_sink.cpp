#include "functions/story/event_sink.hpp"

#include <utility>

#include "shared/http/problem_response.hpp"
#include "shared/json/text.hpp"
#include "shared/sse/encoder.hpp"
#include "wasm/engine/deadlines.hpp"
#include "wasm/runtime/deadline.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"

namespace fabula::story_function {
namespace {

using engine::StepText;
using runtime::Task;
using story::WatchPlace;

// Proxies close a silent connection.
constexpr std::int64_t kLongestSilenceMs = 15'000;
constexpr std::uint32_t kRetryMs = 1'000;

// The members of a task for its watchers.
std::string state_of(const json::Document& task) {
  std::string data;
  json::Writer writer(data);
  writer.begin_object();
  for (const auto* key : {"task_id", "project_id", "status", "progress", "message"}) {
    if (const auto* member = json::find(task, key)) writer.key(key).raw(json::dump(*member));
  }
  writer.end_object();
  return data;
}

void write_source(json::Writer& writer, const StepText& text) {
  writer.key("part").raw(text.part.empty() ? std::string_view("null") : text.part);
  writer.key("step").integer(text.step).key("attempt").integer(text.attempt);
}

}  // namespace

EventSink::EventSink(engine::Call& call)
    : call_(call),
      leaving_(call.context().client_left()),
      last_write_ms_(runtime::now_ms(call.context())) {}

Result<void> EventSink::begin(const http::Headers& headers) {
  http::ResponseHead head;
  head.headers.add("content-type", std::string(sse::kContentType));
  head.headers.add("cache-control", "no-cache, no-transform");
  head.headers.add("x-accel-buffering", "no");  // makes proxies pass each write on at once
  for (const auto& header : headers) head.headers.add(header.name, header.value);
  if (auto started = call_.start(std::move(head)); !started) return started;
  std::string at_trap;
  std::swap(at_trap, frames_);
  add_problem(Problem(ErrorCode::internal_error,
                      "Something went wrong on our side; the task goes on. Follow it again.", {}));
  std::swap(at_trap, frames_);
  runtime::set_response_on_trap(call_.context(), at_trap);
  return {};
}

void EventSink::add(std::string_view type, std::string_view data, const WatchPlace* place) {
  if (place) sse::append_id(frames_, place->id());
  sse::append_event_type(frames_, type);
  sse::append_data(frames_, data);
  sse::end_frame(frames_);
}

void EventSink::add_problem(const Problem& problem) {
  add("error", http::problem_response(problem, call_.log().request_id).body, nullptr);
}

void EventSink::on_task(const json::Document& task, const WatchPlace& place) {
  add("status", state_of(task), &place);
}

void EventSink::on_event(std::string_view type, const json::Document& body,
                         const WatchPlace& place) {
  add(type, json::dump(body), &place);
}

void EventSink::on_text(const StepText& text, const WatchPlace& place) {
  std::string data;
  json::Writer writer(data);
  writer.begin_object();
  write_source(writer, text);
  writer.key("offset").integer(static_cast<std::int64_t>(text.from_byte));
  writer.key("text").string(text.text).end_object();
  add("text", data, &place);
}

void EventSink::on_restart(const StepText& text, const WatchPlace& place) {
  std::string data;
  json::Writer writer(data);
  writer.begin_object();
  write_source(writer, text);
  writer.end_object();
  add("restart", data, &place);
}

void EventSink::done(std::string_view answer, const WatchPlace& place) {
  add("done", answer, &place);
}

void EventSink::failed(const Problem& problem) {
  call_.note_problem(problem);
  add_problem(problem);
}

void EventSink::come_back() { sse::append_retry(frames_, kRetryMs); }

Task<bool> EventSink::flush() {
  auto& context = call_.context();
  if (context.client_left().is_set()) co_return false;
  const auto now_ms = runtime::now_ms(context);
  if (frames_.empty()) {
    if (now_ms - last_write_ms_ < kLongestSilenceMs) co_return true;
    sse::append_comment(frames_, "still working");
  }
  last_write_ms_ = now_ms;
  runtime::ResponseWrite write(context, frames_);
  frames_.clear();
  runtime::Deadline deadline(context, engine::deadlines::kSendMs);
  const bool is_taken = co_await deadline.wait_for(write);
  co_return is_taken&& write.outcome().is_ok();
}

Task<void> EventSink::end() {
  co_await flush();
  runtime::end_response(call_.context());
}

}  // namespace fabula::story_function
