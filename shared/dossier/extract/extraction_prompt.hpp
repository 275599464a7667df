// The prompt for an extractor; extraction.hpp has its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// The limit of the list of known things; names are short, and a long novel has hundreds.
inline constexpr std::size_t kMaximumKnownBytes = 6 * 1024;

// The instructions, the same for every text, and their name and version, which every fact records.
std::string_view extraction_instructions();
std::string_view extraction_prompt_label();

// A part of a conversation, or of a text without a speaker: then `speaker` is "".
struct SpokenPart {
  std::string_view speaker;  // the message's role: "user", "assistant"
  std::string_view text;
};

// The user's message for the model: the known things as lines (known_lines), the preceding parts,
// and the new parts, which alone are to be extracted.
std::string extraction_question(std::string_view known, std::span<const SpokenPart> before,
                                std::span<const SpokenPart> parts);

// The names that an extractor should use again, with facts that distinguish the characters, and the
// plot points and questions that a new text may take back. At most `budget_bytes`, whole lines.
std::string known_lines(Dossier& dossier, std::size_t budget_bytes = kMaximumKnownBytes);

}  // namespace fabula::dossier
