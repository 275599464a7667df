#include "shared/turn/summary.hpp"

#include "generated/prompts.hpp"

namespace fabula::turn {

std::string_view summary_heading() { return prompts::kSummaryHeading.text; }

std::string with_summary(std::string_view system_prompt, std::string_view summary) {
  if (summary.empty()) return std::string(system_prompt);
  std::string prompt;
  prompt.reserve(system_prompt.size() + summary_heading().size() + summary.size());
  return prompt.append(system_prompt).append(summary_heading()).append(summary);
}

}  // namespace fabula::turn
