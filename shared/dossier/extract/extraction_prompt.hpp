// What an extractor is asked: see extraction.hpp for its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// What is told of what is known already; names are short, and a long novel has hundreds.
inline constexpr std::size_t kMaximumKnownBytes = 6 * 1024;

// The instructions, the same for every text, and their name and version, which every fact keeps.
std::string_view extraction_instructions();
std::string_view extraction_prompt_label();

// A part of a conversation, or of a text that is nobody's: then `speaker` is "".
struct SpokenPart {
  std::string_view speaker;  // role of its message: "user", "assistant"
  std::string_view text;
};

// The user's message: what is known already, as lines (known_lines), what stands before, and the
// new parts, which alone are to be read.
std::string extraction_question(std::string_view known, std::span<const SpokenPart> before,
                                std::span<const SpokenPart> parts);

// The names that an extractor should use again, with what tells their bearers apart, and the plot
// points and questions that a new text may take back. At most `budget_bytes`, whole lines.
std::string known_lines(Dossier& dossier, std::size_t budget_bytes = kMaximumKnownBytes);

}  // namespace fabula::dossier
