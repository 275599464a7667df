// How a model is told what was said before the part of a conversation that it is sent.
#pragma once

#include <string>
#include <string_view>

namespace fabula::turn {

// What stands between instructions and summary; the database keeps it with the turn, so that what
// was sent can be told later.
std::string_view summary_heading();

// The instructions that a model is sent: with heading and summary, if there is one.
std::string with_summary(std::string_view system_prompt, std::string_view summary);

}  // namespace fabula::turn
