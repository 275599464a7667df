// Fields and texts that several endpoints share.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// Limits of the database's tables (supabase/schemas).
inline constexpr std::int64_t kMaximumNameCharacters = 200;
inline constexpr std::int64_t kMaximumPageItems = 100;
inline constexpr std::int64_t kMaximumOffset = 1'000'000;

inline constexpr std::int64_t kMaximumInstructionsBytes = 8192;
inline constexpr std::int64_t kMaximumModelCharacters = 256;
// The largest value that FABULA_MAX_OUTPUT_TOKENS may have.
inline constexpr std::int64_t kMaximumChosenTokens = 100'000;

inline constexpr std::array<std::string_view, 4> kSessionKinds{"chat", "relay", "companion",
                                                               "realtime"};
inline constexpr std::array<std::string_view, 5> kProjectPhases{"setup", "premise", "outline",
                                                                "writing", "export"};
inline constexpr std::array<std::string_view, 3> kProjectStatuses{"active", "completed",
                                                                  "archived"};
inline constexpr std::array<std::string_view, 2> kDirections{"asc", "desc"};

constexpr Field limit_field(std::string_view default_json) {
  return {.name = "limit",
          .type = Type::integer,
          .description = "How many items a page holds.",
          .minimum = 1,
          .maximum = kMaximumPageItems,
          .default_json = default_json};
}

inline constexpr Field kOffsetField{.name = "offset",
                                    .type = Type::integer,
                                    .description = "How many items come before the page.",
                                    .maximum = kMaximumOffset,
                                    .default_json = "0"};

constexpr Field instructions_field(std::string_view description) {
  return {.name = "instructions",
          .description = description,
          .is_nullable = true,
          .maximum_bytes = kMaximumInstructionsBytes,
          .is_not_blank = true};
}

// How a model is asked. `is_kept`: the value applies to all turns of a session, and null removes
// it; otherwise it applies to one turn.
constexpr Field model_field(bool is_kept) {
  return {.name = "model",
          .description = is_kept
                             ? "The model of its turns, as provider:model: one that this server "
                               "allows. Null: the server's choice."
                             : "The model of this turn, as provider:model: one that this server "
                               "allows. Without it the session's, or the server's choice.",
          .is_nullable = is_kept,
          .minimum = is_kept ? 1 : 0,
          .maximum = kMaximumModelCharacters};
}
constexpr Field temperature_field(bool is_kept) {
  return {.name = "temperature",
          .type = Type::number,
          .description = is_kept ? "The temperature of its turns, rounded to hundredths. Null: the "
                                   "model's own."
                                 : "The temperature of this turn, rounded to hundredths. Without "
                                   "it the session's, or the model's own.",
          .is_nullable = is_kept,
          .maximum = 2};
}
constexpr Field max_tokens_field(bool is_kept) {
  return {.name = "max_tokens",
          .type = Type::integer,
          .description = is_kept ? "The most tokens of a reply: at most the server's own limit, "
                                   "which holds for null."
                                 : "The most tokens of this reply: at most the server's own "
                                   "limit. Without it the session's, or the server's.",
          .is_nullable = is_kept,
          .minimum = 1,
          .maximum = kMaximumChosenTokens};
}

}  // namespace fabula::api
