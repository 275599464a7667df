// The settings of a story: the request of document 002, with only known fields within their limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/story/length.hpp"

namespace fabula::story {

inline constexpr std::int64_t kMinimumTargetWords = 200;
inline constexpr std::int64_t kMaximumTargetWords = 200'000;
// The limit of each of setting, characters and plot.
inline constexpr std::size_t kMaximumOwnCharacters = 4'000;
inline constexpr std::size_t kMaximumStoryTitleCharacters = 200;

// All texts are valid UTF-8 without U+0000.
struct Settings {
  std::string persona;
  std::string story_setting;
  std::string character_input;
  std::string plot_elements;
  std::string writing_style;
  std::string story_tone;
  std::string narrative_pov;
  std::string audience_age_group;
  std::string content_rating;
  std::string ending_preference;
  std::string story_length;  // "Short", "Medium" or "Long"
  std::string title;         // may be empty
  // In words for any language; target_length() converts it to the language's unit.
  std::int64_t target_words = 0;
  std::string language;  // BCP 47, such as "en" or "pt-BR"
  Unit unit = Unit::words;

  bool operator==(const Settings&) const = default;
};

// A value that was changed because it conflicts with another one.
struct Adjustment {
  std::string_view field;
  std::string from;
  std::string_view to;
  std::string_view reason;
};

struct SettingsRead {
  Settings settings;
  std::vector<Adjustment> adjustments;
};

// Reads a request's body. Fields that are absent, null or blank get defaults; options have the
// spelling of GET /story/options; the person's own words in the body, its `idea` (or `story_idea`),
// `premise` and `story_text` help to detect the language. invalid_request names all faults with
// their paths. The rating of a story for children is at most PG, and its tone not Dark: such values
// are adjusted.
Result<SettingsRead> read_settings(const json::Document& body);

// The same settings always give the same text: a JSON object with all members in a fixed order.
std::string canonical_json(const Settings& settings);

// Reads the output of canonical_json. internal_error for anything else.
Result<Settings> settings_from_json(const json::Document& document);

// A JSON array of {field, from, to, reason}.
std::string adjustments_json(const std::vector<Adjustment>& adjustments);

// The target length, in the unit of the story's language.
std::int64_t target_length(const Settings& settings);

}  // namespace fabula::story
