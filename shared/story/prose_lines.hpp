// Lines around a story that are not part of it, for prose.cpp. Each function takes one line without
// outer blanks.
#pragma once

#include <string_view>

#include "shared/story/prose.hpp"

namespace fabula::story {

// "```", "```markdown", "~~~".
bool is_fence(std::string_view line);

// "## Scene 3", "**Chapter One**", "Szene 2: Der Schlüssel", "Title: The Door", or one of the
// titles; never a sentence ("**Chapter one of my life is over.**").
bool is_prose_heading(std::string_view line, const ProseTitles& titles);

// "[End of scene]", "**End of Chapter One**", "(To be continued)", "(512 words)", "Word count:
// 512".
bool is_end_mark(std::string_view line);

}  // namespace fabula::story
