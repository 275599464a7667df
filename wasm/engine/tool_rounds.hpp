// The rounds of a turn in which the model asks for tools: its answer is collected, what it asks for
// is run, one call after the other, and all of it is told. Then it is asked again.
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

// More than a story's question needs, and few enough that a model which asks in circles ends. The
// last answer is asked for without tools.
inline constexpr std::size_t kMaximumToolRounds = 8;
// The model is sent it again in every round that follows.
inline constexpr std::size_t kMaximumToolAnswerBytes = std::size_t{32} * 1024;

// Runs a kind's tools.
class ToolRunner {
 public:
  // The name is one of the kind's tools, the arguments are a JSON object, unchecked otherwise.
  // `call` outlives the task. A problem is an answer too, in words for the model.
  virtual runtime::Task<llm::ToolAnswer> run(const llm::ToolCall& call) = 0;

 protected:
  ~ToolRunner() = default;
};

class ToolRounds {
 public:
  // All must outlive it.
  ToolRounds(std::span<const llm::Tool> tools, ToolRunner& runner, Channel& channel)
      : tools_(tools), runner_(runner), channel_(channel) {}

  std::span<const llm::Tool> tools() const { return tools_; }

  // The answer that is being given.
  void add_text(std::string_view text) { round_.text.append(text); }
  void add_call(const llm::ToolCallPart& part) { calls_.add(part); }
  // The next text follows that of an earlier round, which has not ended its paragraph.
  bool begins_paragraph() const { return is_paragraph_open_ && round_.text.empty(); }
  // Another attempt is made to give it.
  void begin_answer();

  // The answer is whole: tells and runs what it asks for. False when that is nothing, or it has
  // asked often enough.
  bool begin();
  bool are_running() const { return is_under_way_; }
  runtime::Waitable* waiting_for() { return running_ ? &*running_ : nullptr; }
  // Tells what has come. The round, once all is there.
  std::optional<llm::ToolRound> look();
  // Gives up what is running.
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
  std::size_t next_ = 0;  // of the round's calls, the one that is run
  std::optional<runtime::Spawned<llm::ToolAnswer>> running_;
};

}  // namespace fabula::engine
