// The hand-written bodies of tests/habits.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/llm/stream/wire_format.hpp"
#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/recordings.hpp"

namespace fabula::tests {

struct Habit {
  std::string name;
  std::string body;
  json::Document expected;
};

inline std::vector<Habit> habits_of(llm::WireFormat format) {
  const auto folder =
      std::string(FABULA_SOURCE_DIR) + "/tests/habits/" + std::string(llm::name(format));
  std::vector<Habit> habits;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    Habit habit;
    habit.name = file.path().stem().string();
    habit.body = read_file(file.path().string());
    constexpr std::string_view kExpect = "\n: expect ";
    const auto begin = habit.body.find(kExpect) + kExpect.size();
    const auto end = habit.body.find('\n', begin);
    auto expected = json::parse(std::string_view(habit.body).substr(begin, end - begin));
    habit.expected = expected.value_or(json::Document());
    habits.push_back(std::move(habit));
  }
  std::sort(habits.begin(), habits.end(),
            [](const Habit& a, const Habit& b) { return a.name < b.name; });
  return habits;
}

// The decoder's output, in the form of a habit's expectation.
inline json::Document as_expected(const Decoded& decoded) {
  const auto& summary = decoded.summary;
  json::Document::object_t end;
  end["complete"] = summary.complete;
  const auto reason = llm::name(summary.finish_reason);
  end["finish_reason"] = reason.empty() ? json::Document() : json::Document(reason);
  end["text"] = decoded.text;
  end["reasoning"] = decoded.reasoning;
  auto calls = json::Document::array_t();
  for (const auto& call : decoded.tool_calls) {
    calls.push_back(json::Document::object_t{
        {"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  }
  end["tool_calls"] = calls;
  end["usage"] = nullptr;
  if (summary.usage) {
    end["usage"] = json::Document::object_t{{"input_tokens", summary.usage->input_tokens},
                                            {"output_tokens", summary.usage->output_tokens}};
  }
  end["error"] = nullptr;
  if (summary.problem) end["error"] = facts(summary.problem->code).name;
  return end;
}

// The same body in another framing that means the same.
inline std::string with_line_ends(std::string_view body, std::string_view line_end) {
  std::string other;
  for (const char c : body) {
    if (c == '\n') {
      other += line_end;
    } else {
      other += c;
    }
  }
  return other;
}

inline std::string with_comments(std::string_view body) {
  std::string other;
  for (std::size_t at = 0; at < body.size(); ++at) {
    other += body[at];
    if (body[at] == '\n') other += ": keep-alive\n";
  }
  return other;
}

}  // namespace fabula::tests
