#include "shared/dossier/log/field.hpp"

#include <algorithm>
#include <array>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::dossier {
namespace {

constexpr std::array<std::string_view, 9> kMembersOfOtherUse{
    "id", "locked", "kind", "type", "target", "themes", "story", "mentions", "removed"};

constexpr std::array<std::string_view, 22> kNothingWords{
    "unknown",       "n/a",           "na",
    "none",          "null",          "nil",
    "unspecified",   "undefined",     "not known",
    "not specified", "not mentioned", "not stated",
    "not given",     "unclear",       "undetermined",
    "not provided",  "not available", "unnamed",
    "no name",       "tbd",           "to be determined",
    "not applicable"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string_view without_stops(std::string_view folded) {
  constexpr std::string_view kStops = " .,;:!?\"'()[]*_-";
  const auto first = folded.find_first_not_of(kStops);
  if (first == std::string_view::npos) return {};
  return folded.substr(first, folded.find_last_not_of(kStops) - first + 1);
}

}  // namespace

bool is_field_name(std::string_view name) {
  if (name.empty() || name.size() > kMaximumFieldNameBytes || !text::is_lower(name.front())) {
    return false;
  }
  const bool has_its_letters = std::all_of(name.begin(), name.end(), [](char c) {
    return text::is_lower(c) || text::is_digit(c) || c == '_';
  });
  return has_its_letters && std::find(kMembersOfOtherUse.begin(), kMembersOfOtherUse.end(), name) ==
                                kMembersOfOtherUse.end();
}

bool says_nothing(std::string_view value) {
  if (text::is_blank(value)) return true;
  constexpr std::size_t kLongestWord = 40;
  if (value.size() > kLongestWord) return false;
  const std::string folded = fold(value);
  const auto plain = without_stops(folded);
  return plain.empty() ||
         std::find(kNothingWords.begin(), kNothingWords.end(), plain) != kNothingWords.end();
}

std::string clean_text(std::string_view text, std::size_t maximum_bytes) {
  std::string clean;
  std::string repaired;
  text::append_repaired(repaired, text);
  clean.reserve(repaired.size());
  for (const char c : repaired) {
    if (!is_control(c) || c == '\n' || c == '\t') clean += c;
  }
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  while (!clean.empty() && is_space(clean.back())) clean.pop_back();
  const auto begin = std::find_if_not(clean.begin(), clean.end(), is_space);
  clean.erase(clean.begin(), begin);
  if (clean.size() > maximum_bytes) {
    clean.resize(text::prefix_bytes(clean, maximum_bytes).size());
    while (!clean.empty() && is_space(clean.back())) clean.pop_back();
  }
  return clean;
}

}  // namespace fabula::dossier
