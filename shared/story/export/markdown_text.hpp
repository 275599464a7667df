// Writes texts as CommonMark that shows exactly these characters.
#pragma once

#include <string>
#include <string_view>

#include "shared/story/export/inline_marks.hpp"

namespace fabula::story {

// Appends clean text, escaped so that no character has a meaning in Markdown, even at a line's
// beginning. Each "\n" becomes a line break within the paragraph, followed by `next_line`.
void append_markdown(std::string& out, std::string_view clean, std::string_view next_line = {});

// Appends a paragraph with emphasis in the same way.
void append_markdown(std::string& out, const Spans& spans, std::string_view next_line = {});

std::string markdown(std::string_view clean);

}  // namespace fabula::story
