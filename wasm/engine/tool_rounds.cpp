#include "wasm/engine/tool_rounds.hpp"

#include <algorithm>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/text/integer.hpp"

namespace fabula::engine {
namespace {

bool is_object(const std::string& text) {
  const auto document = json::parse(text);
  return document && document->is_object();
}

}  // namespace

void ToolRounds::begin_answer() {
  calls_ = {};
  round_.text.clear();
}

bool ToolRounds::begin() {
  if (calls_.all().empty() || rounds_ == kMaximumToolRounds) return false;
  ++rounds_;
  is_under_way_ = true;
  round_.calls = calls_.all();
  round_.answers.clear();
  next_ = 0;
  for (std::size_t i = 0; i < round_.calls.size(); ++i) {
    auto& call = round_.calls[i];
    if (call.id.empty()) {
      const auto number = [](std::size_t value) {
        return text::integer_text(static_cast<std::int64_t>(value));
      };
      call.id = "call_" + number(rounds_) + "_" + number(i + 1);
    }
    if (call.arguments.empty()) call.arguments = "{}";
  }
  run_next();
  return true;
}

// Starts the next call, or answers it at once when it is invalid.
void ToolRounds::run_next() {
  auto& call = round_.calls[next_];
  const bool is_readable = is_object(call.arguments);
  // Unreadable arguments are not sent back to the model either: providers accept only objects.
  if (!is_readable) call.arguments = "{}";
  channel_.tell(turn::event::ToolCall{call.id, call.name, call.arguments});
  const bool is_known = std::any_of(tools_.begin(), tools_.end(),
                                    [&call](const auto& tool) { return tool.name == call.name; });
  if (!is_known) return take({"There is no tool of this name.", true});
  if (!is_readable) return take({"The arguments are no JSON object. Call it again.", true});
  running_.emplace(runner_.run(call));
}

void ToolRounds::take(llm::ToolAnswer&& answer) {
  if (answer.content.size() > kMaximumToolAnswerBytes) {
    answer = {"The answer is too long. Ask for less.", true};
  }
  const auto& call = round_.calls[next_];
  channel_.tell(turn::event::ToolResult{call.id, call.name, answer.content, answer.is_error});
  round_.answers.push_back(std::move(answer));
  ++next_;
  if (next_ < round_.calls.size()) run_next();
}

std::optional<llm::ToolRound> ToolRounds::look() {
  while (running_ && running_->is_ready()) {
    auto answer = running_->take();
    running_.reset();
    take(std::move(answer));
  }
  if (next_ < round_.calls.size()) return std::nullopt;
  is_under_way_ = false;
  if (!round_.text.empty()) is_paragraph_open_ = round_.text.back() != '\n';
  return std::exchange(round_, {});
}

}  // namespace fabula::engine
