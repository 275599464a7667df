// The language of a story.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fabula::story {

inline constexpr std::string_view kNormalLanguage = "en";

// The language of a person's own words, such as "de"; kNormalLanguage when they do not show one.
// The texts must be valid UTF-8.
std::string_view language_of_words(std::span<const std::string_view> texts);

// A BCP 47 tag in its usual spelling ("PT-br" is "pt-BR", "zh-hant" is "zh-Hant"); nothing when the
// text is no tag that begins with a language of two or three letters.
std::optional<std::string> language_tag(std::string_view text);

// The language of a tag without script, region and the rest: "pt" of "pt-BR".
std::string_view primary_language(std::string_view tag);

}  // namespace fabula::story
