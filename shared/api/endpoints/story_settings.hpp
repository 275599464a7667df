// Fields of requests that set how a story is written (shared/story/settings.hpp reads them).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::story {

inline constexpr std::int64_t kMaximumOptionCharacters = 200;
inline constexpr std::int64_t kMaximumIdeaCharacters = 4'000;
inline constexpr std::int64_t kMaximumPremiseBytes = 16 * 1024;
inline constexpr std::int64_t kMaximumFeedbackCharacters = 4'000;
inline constexpr std::int64_t kMinimumTargetWords = 200;
inline constexpr std::int64_t kMaximumTargetWords = 200'000;
inline constexpr std::int64_t kMaximumLanguageCharacters = 35;

template <std::size_t kFirst, std::size_t kSecond>
constexpr auto join(const std::array<Field, kFirst>& first,
                    const std::array<Field, kSecond>& second) {
  std::array<Field, kFirst + kSecond> all;
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), all.begin()));
  return all;
}

constexpr Field option_field(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .maximum = kMaximumOptionCharacters};
}

constexpr Field idea_field(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .maximum = kMaximumIdeaCharacters};
}

inline constexpr Field kLanguageField{
    .name = "language",
    .description =
        "The story's language, such as `en` or `pt-BR`; without it the language of "
        "your own words.",
    .maximum = kMaximumLanguageCharacters};
inline constexpr Field kTargetWordsField{
    .name = "target_words",
    .type = Type::integer,
    .description =
        "The length to reach, which wins over `story_length`. In languages without "
        "spaces a word stands for two characters.",
    .minimum = kMinimumTargetWords,
    .maximum = kMaximumTargetWords};

inline constexpr std::array kSettingsFields{
    option_field("persona", "Who writes: one of GET /story/options, or your own."),
    idea_field("story_setting", "Where and when it happens."),
    idea_field("character_input", "Who it is about."),
    idea_field("plot_elements", "What happens."),
    option_field("writing_style", "One of GET /story/options, or your own."),
    option_field("story_tone",
                 "One of GET /story/options, or your own. For children `Dark` "
                 "becomes `Mysterious`."),
    option_field("narrative_pov", "The point of view: one of GET /story/options, or your own."),
    option_field("audience_age_group", "One of GET /story/options, or its short form."),
    option_field("content_rating", "One of GET /story/options. For children at most `PG`."),
    option_field("ending_preference", "One of GET /story/options."),
    option_field("story_length",
                 "One of GET /story/options, or its first word: Short, Medium or "
                 "Long."),
    Field{.name = "title", .description = "The story's title.", .maximum = kMaximumNameCharacters},
    kTargetWordsField,
    kLanguageField,
};
inline constexpr Schema kSettings{"StorySettings", "How a story is written.", kSettingsFields};

inline constexpr Field kProjectField{
    .name = "project_id",
    .type = Type::uuid,
    .description =
        "The story to go on with: what it has need not be sent again, and its settings "
        "hold unless the request has others. Without it a story is found by its "
        "premise, or begun."};
inline constexpr Field kFreshField{
    .name = "fresh",
    .type = Type::boolean,
    .description = "Whether to ask anew, even if the same has been asked before.",
    .default_json = "false"};
inline constexpr Field kPremiseField{
    .name = "premise",
    .description = "The premise. Without it the story's own; one that has none gets one first.",
    .maximum_bytes = kMaximumPremiseBytes};

inline constexpr std::array kAdjustmentFields{
    Field{.name = "field", .description = "The setting.", .is_required = true},
    Field{.name = "from", .description = "The requested value.", .is_required = true},
    Field{.name = "to", .description = "The value that is used instead.", .is_required = true},
    Field{.name = "reason", .description = "Why.", .is_required = true},
};
inline constexpr Schema kAdjustment{"StoryAdjustment", "A setting that was changed.",
                                    kAdjustmentFields};

}  // namespace fabula::api::story
