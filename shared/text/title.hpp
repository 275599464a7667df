// The title of a session, made from its first message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fabula::text {

inline constexpr std::size_t kMaximumTitleCodePoints = 50;
inline constexpr std::string_view kDefaultTitle = "New story";

// The first sentence of `message`, which must be valid UTF-8: on one line, without surrounding
// Markdown and quotation marks and without its full stop. A longer one is cut at a word and ends
// with an ellipsis, which counts. kDefaultTitle when the message has no usable words.
std::string session_title(std::string_view message);

}  // namespace fabula::text
