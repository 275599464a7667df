// Adds the summary of a conversation's earlier part to the prompt.
#pragma once

#include <string>
#include <string_view>

namespace fabula::turn {

// The heading between instructions and summary; the database stores it with the turn, so that the
// prompt can be shown later.
std::string_view summary_heading();

// The system prompt, followed by heading and summary if there is one.
std::string with_summary(std::string_view system_prompt, std::string_view summary);

}  // namespace fabula::turn
