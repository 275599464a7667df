// Shortens a text that is too long to send to a model.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fabula::text {

// `text` if it has at most `maximum_bytes`. A longer one is cut to its beginning and its end, in
// whole characters (and in whole paragraphs, lines or words where that costs little), with a note
// between them that tells how much is missing. The database does the same with messages
// (private.cut_text). The note is always included, so the result may be longer than a
// `maximum_bytes` below kCutNoteBytes. `text` must be valid UTF-8.
std::string cut_text(std::string_view text, std::size_t maximum_bytes);

// The note is shorter than this.
inline constexpr std::size_t kCutNoteBytes = 80;

}  // namespace fabula::text
