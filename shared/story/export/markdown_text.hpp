// Pieces of CommonMark that say exactly what they are given.
#pragma once

#include <string>
#include <string_view>

#include "shared/story/export/inline_marks.hpp"

namespace fabula::story {

// Appends clean text in which no character has a meaning to Markdown, also at a line's beginning.
// Each "\n" becomes a line break within the paragraph, with `next_line` behind it.
void append_markdown(std::string& out, std::string_view clean, std::string_view next_line = {});

// The same for a paragraph with emphasis.
void append_markdown(std::string& out, const Spans& spans, std::string_view next_line = {});

std::string markdown(std::string_view clean);

}  // namespace fabula::story
