// The fields that characters, places, objects and the story have, and when two values of one are
// the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/dossier/log/entry.hpp"

namespace fabula::dossier {

enum class FieldRule : std::uint8_t {
  // One value. Two that differ, of which none corrects the other, are a question to the person; the
  // first one is shown.
  checked,
  // One value, the latest.
  latest,
  // One text, joined from all that add to it.
  joined,
  // A list.
  list,
};

struct FieldFacts {
  std::string_view name;
  FieldRule rule;
};

// In the order in which a snapshot has them. Further fields, which people add by hand, are of the
// rule `latest`.
inline constexpr FieldFacts kFields[] = {
    {"name", FieldRule::latest},          {"aliases", FieldRule::list},
    {"description", FieldRule::joined},   {"relationships", FieldRule::list},
    {"character_arc", FieldRule::latest}, {"role", FieldRule::latest},
    {"age", FieldRule::checked},          {"gender", FieldRule::checked},
    {"eye_colour", FieldRule::checked},   {"hair_colour", FieldRule::checked},
    {"alive", FieldRule::checked},        {"occupation", FieldRule::latest},
    {"birthplace", FieldRule::checked},   {"mother", FieldRule::checked},
    {"father", FieldRule::checked},       {"spouse", FieldRule::latest},
    {"traits", FieldRule::list},          {"title", FieldRule::latest},
    {"logline", FieldRule::latest},       {"genre", FieldRule::latest},
    {"tone", FieldRule::latest},
};
inline constexpr std::size_t kFieldCount = sizeof kFields / sizeof kFields[0];

// Positions in kFields of those that code names.
namespace field {
inline constexpr std::uint32_t kName = 0;
inline constexpr std::uint32_t kAliases = 1;
inline constexpr std::uint32_t kDescription = 2;
inline constexpr std::uint32_t kRelationships = 3;
inline constexpr std::uint32_t kCharacterArc = 4;
inline constexpr std::uint32_t kTraits = 16;
inline constexpr std::uint32_t kTitle = 17;
inline constexpr std::uint32_t kTone = 20;
}  // namespace field

// Position in kFields; nothing for others.
std::optional<std::uint32_t> field_index(std::string_view name);
FieldRule field_rule(std::uint32_t index);  // `latest` beyond kFields
// Whether things of this type can have the field: the story has title to tone only, others never.
bool has_field(Type type, std::uint32_t index);
// Lower-case letters, digits and underscores, and no member that snapshots use otherwise.
bool is_field_name(std::string_view name);

// Blank, or a word for not knowing ("unknown", "n/a", "unspecified", ...): such values are dropped.
bool says_nothing(std::string_view value);

// What values of a field are compared as: folded, numbers in words as digits, without the words
// that add nothing ("34 years old" is "34", "green eyes" is "green").
std::string comparable(std::uint32_t field, std::string_view value);

// Without control characters and white space at the ends; ill-formed UTF-8 is U+FFFD. Cut at
// `maximum_bytes`, never within a character.
std::string clean_text(std::string_view text, std::size_t maximum_bytes);

}  // namespace fabula::dossier
