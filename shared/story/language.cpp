#include "shared/story/language.hpp"

#include <algorithm>
#include <cstddef>

#include "shared/text/ascii.hpp"
#include "shared/text/language.hpp"

namespace fabula::story {
namespace {

// RFC 5646 asks for at least 35 characters.
constexpr std::size_t kMaximumTagBytes = 35;

constexpr bool is_letter(char c) { return text::is_upper(c) || text::is_lower(c); }

bool are_all(std::string_view part, bool (*is_one)(char)) {
  return std::all_of(part.begin(), part.end(), is_one);
}

// The spelling of RFC 5646, section 2.1.1: scripts in title case, regions in upper case.
std::string usual_spelling(std::string_view part, bool is_first) {
  auto spelling = text::to_lower(part);
  if (is_first || !are_all(part, is_letter)) return spelling;
  const auto raise = [](char& c) { c = static_cast<char>(c - 'a' + 'A'); };
  if (part.size() == 4) raise(spelling.front());
  if (part.size() == 2) std::for_each(spelling.begin(), spelling.end(), raise);
  return spelling;
}

}  // namespace

std::string_view language_of_words(std::span<const std::string_view> texts) {
  std::string words;
  for (const auto text : texts) words.append(text).push_back('\n');
  const auto language = text::language_of(words);
  return language.empty() ? kNormalLanguage : language;
}

std::optional<std::string> language_tag(std::string_view text) {
  text = text::trim(text);
  if (text.empty() || text.size() > kMaximumTagBytes) return std::nullopt;
  std::string tag;
  bool is_extension = false;
  while (true) {
    const auto part = text.substr(0, text.find_first_of("-_"));
    const bool is_first = tag.empty();
    if (is_first && (part.size() < 2 || part.size() > 3 || !are_all(part, is_letter))) {
      return std::nullopt;
    }
    if (part.empty() || part.size() > 8 || !are_all(part, text::is_alphanumeric)) {
      return std::nullopt;
    }
    // After a single letter each part is in lower case.
    is_extension = is_extension || part.size() == 1;
    tag += usual_spelling(part, is_first || is_extension);
    if (part.size() == text.size()) break;
    text.remove_prefix(part.size() + 1);
    tag.push_back('-');
  }
  if (tag.rfind('-') + 2 == tag.size()) return std::nullopt;
  return tag;
}

std::string_view primary_language(std::string_view tag) { return tag.substr(0, tag.find('-')); }

}  // namespace fabula::story
