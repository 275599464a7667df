// The rounds of a turn in which the model calls tools: the model's answer is collected, its calls
// are run one after the other and sent to the client. Then the model is asked again.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/llm/request/tool.hpp"
#include "shared/llm/stream/tool_calls.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

// More than a question about a story needs, and few enough to stop a model that calls tools in a
// loop. The last answer is requested without tools.
inline constexpr std::size_t kMaximumToolRounds = 8;
// A tool's answer is sent to the model again in every later round.
inline constexpr std::size_t kMaximumToolAnswerBytes = std::size_t{32} * 1024;

// Runs a turn's tools.
class ToolRunner {
 public:
  // The name is one of the offered ones; the arguments are a JSON object, otherwise unchecked.
  // `call` outlives the task. Failures are answers too, worded for the model.
  virtual runtime::Task<llm::ToolAnswer> run(const llm::ToolCall& call) = 0;

 protected:
  ~ToolRunner() = default;
};

class ToolRounds {
 public:
  // All arguments must outlive it.
  ToolRounds(std::span<const llm::Tool> tools, ToolRunner& runner, Channel& channel)
      : tools_(tools), runner_(runner), channel_(channel) {}

  std::span<const llm::Tool> tools() const { return tools_; }

  // Adds text to the current answer.
  void add_text(std::string_view text) { round_.text.append(text); }
  void add_call(const llm::ToolCallPart& part) { calls_.add(part); }
  // Whether the next text follows an earlier round's text that did not end its paragraph.
  bool begins_paragraph() const { return is_paragraph_open_ && round_.text.empty(); }
  // A new attempt at the answer begins.
  void begin_answer();

  // The answer is complete: sends its calls and begins to run them. False when there are none, or
  // the limit of rounds is reached.
  bool begin();
  bool are_running() const { return is_under_way_; }
  runtime::Waitable* waiting_for() { return running_ ? &*running_ : nullptr; }
  // Sends the results that have arrived. Returns the round once it has all of them.
  std::optional<llm::ToolRound> look();
  // Abandons the running call.
  void stop() { running_.reset(); }

 private:
  void run_next();
  void take(llm::ToolAnswer&& answer);

  std::span<const llm::Tool> tools_;
  ToolRunner& runner_;
  Channel& channel_;
  std::size_t rounds_ = 0;
  bool is_under_way_ = false;
  bool is_paragraph_open_ = false;
  llm::ToolCalls calls_;
  llm::ToolRound round_;
  std::size_t next_ = 0;  // index of the running call
  std::optional<runtime::Spawned<llm::ToolAnswer>> running_;
};

}  // namespace fabula::engine
