// Reads a scene's text as paragraphs, as models and people really write them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shared/story/export/inline_marks.hpp"

namespace fabula::story {

enum class BlockKind : std::uint8_t { paragraph, heading, quote, scene_break };

struct Block {
  BlockKind kind = BlockKind::paragraph;
  Spans spans;  // empty for a scene break

  bool operator==(const Block&) const = default;
};

using Blocks = std::vector<Block>;

// Blank lines separate paragraphs, and so does every line break, except between the short lines of
// a verse or a letter, which stay together if the text has blank lines between paragraphs. "#
// Title" is a heading, "> words" a quote, and a line of "***", "---", "#" or the like a scene
// break. Scene breaks at both ends and repeated ones are dropped. Accepts any text.
Blocks read_blocks(std::string_view text);

}  // namespace fabula::story
