// Sends the progress of a task as server-sent events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/jobs/watch.hpp"
#include "wasm/runtime/signal.hpp"

namespace fabula::story_function {

class EventSink final : public engine::WatchSink {
 public:
  explicit EventSink(engine::Call& call);

  // Sends the response's head.
  Result<void> begin(const http::Headers& headers);

  void on_task(const json::Document& task, const story::WatchPlace& place) override;
  void on_event(std::string_view type, const json::Document& body,
                const story::WatchPlace& place) override;
  void on_text(const engine::StepText& text, const story::WatchPlace& place) override;
  void on_restart(const engine::StepText& text, const story::WatchPlace& place) override;
  runtime::Task<bool> flush() override;
  runtime::Waitable* leaving() override { return &leaving_; }

  // The last events: the answer; a problem; or a request to reconnect.
  void done(std::string_view answer, const story::WatchPlace& place);
  void failed(const Problem& problem);
  void come_back();
  // Sends the buffered events and ends the response.
  runtime::Task<void> end();

 private:
  void add(std::string_view type, std::string_view data, const story::WatchPlace* place);
  void add_problem(const Problem& problem);

  engine::Call& call_;
  runtime::SignalWait leaving_;
  std::string frames_;
  std::int64_t last_write_ms_;
};

}  // namespace fabula::story_function
