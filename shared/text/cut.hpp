// A text that is too long, as a model is sent it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fabula::text {

// `text` if it has at most `maximum_bytes`. A longer one is cut to its beginning and its end, in
// whole characters (and in whole paragraphs, lines or words where that costs little), with a note
// between them that tells how much is missing: what the database does with messages
// (private.cut_text). The note is always there, so that the result may be longer than a
// `maximum_bytes` below kCutNoteBytes. `text` must be valid UTF-8.
std::string cut_text(std::string_view text, std::size_t maximum_bytes);

// More than the note takes.
inline constexpr std::size_t kCutNoteBytes = 80;

}  // namespace fabula::text
