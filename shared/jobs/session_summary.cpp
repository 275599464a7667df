#include "shared/jobs/session_summary.hpp"

#include <algorithm>

#include "generated/prompts.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::jobs {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string_view without_thoughts(std::string_view answer) {
  constexpr std::string_view kEnd = "</think>";
  const auto end = answer.rfind(kEnd);
  return end == std::string_view::npos ? answer : answer.substr(end + kEnd.size());
}

std::string_view without_fence(std::string_view answer) {
  constexpr std::string_view kFence = "```";
  if (!answer.starts_with(kFence) || !answer.ends_with(kFence)) return answer;
  const auto line_end = answer.find('\n');
  if (line_end == std::string_view::npos || answer.size() - line_end <= kFence.size())
    return answer;
  answer.remove_prefix(line_end);
  answer.remove_suffix(kFence.size());
  return answer;
}

// The text up to the last sentence that ends in its second half; the whole text when none does.
std::string_view until_sentence_end(std::string_view text) {
  for (auto end = text.size(); end > text.size() / 2; --end) {
    const char mark = text[end - 1];
    const bool is_followed_by_space = end < text.size() && kSpace.find(text[end]) < kSpace.size();
    if (mark == '\n') return text.substr(0, end);
    if ((mark == '.' || mark == '!' || mark == '?') && is_followed_by_space) {
      return text.substr(0, end);
    }
  }
  return text;
}

}  // namespace

std::string summary_instructions(std::size_t maximum_words) {
  const auto words = text::integer_text(static_cast<std::int64_t>(maximum_words));
  return prompts::filled(prompts::kSummary, {{"maximum_words", words}});
}

std::string_view summary_prompt_label() { return prompts::kSummary.label; }

std::string summary_question(std::string_view previous_summary, const json::Document& messages) {
  std::string said;
  for (const auto& message : messages) {
    const bool is_model = json::string_at(message, "role") == "assistant";
    said.append("\n").append(is_model ? prompts::kSummaryQuestionModel
                                      : prompts::kSummaryQuestionPerson);
    said.append(": ").append(json::string_at(message, "content").value_or("")).append("\n");
  }
  const auto notes = previous_summary.empty() ? prompts::kSummaryQuestionNothing : previous_summary;
  return prompts::filled(prompts::kSummaryQuestion, {{"notes", notes}, {"messages", said}});
}

std::string_view summary_of_answer(std::string_view answer, std::size_t maximum_bytes) {
  const auto summary = trim(without_fence(trim(without_thoughts(answer))));
  if (summary.size() <= maximum_bytes) return summary;
  return trim(until_sentence_end(text::prefix_bytes(summary, maximum_bytes)));
}

}  // namespace fabula::jobs
