// The length of a text for readers of its language: in words where words are separated by spaces,
// else in characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fabula::story {

enum class Unit : std::uint8_t { words, characters };

// "words" or "characters".
std::string_view name(Unit unit);
std::optional<Unit> unit_named(std::string_view name);

// The unit of a language, a BCP 47 tag: characters for Chinese, Japanese, Thai, Lao, Khmer, Burmese
// and Tibetan.
Unit unit_of_language(std::string_view tag);

// A plan always counts in words; this many characters replace one word.
inline constexpr std::int64_t kCharactersPerWord = 2;
std::int64_t length_of_words(std::int64_t words, Unit unit);

// The length of a text. A word is a part between white space or dashes with a letter or a digit in
// it. White space, punctuation and combining marks do not count as characters. Bad UTF-8 counts as
// punctuation.
std::int64_t length(std::string_view text, Unit unit);

// The beginning or the end of a text with at most this many words or characters, whole, without
// white space at the cut. A view of `text`.
std::string_view first_of(std::string_view text, std::int64_t maximum_length, Unit unit);
std::string_view last_of(std::string_view text, std::int64_t maximum_length, Unit unit);

}  // namespace fabula::story
