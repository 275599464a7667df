// The types of the placeholders in paths.
#pragma once

#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// Longer than any id that clients make up. Responses also have it in a header.
inline constexpr std::int64_t kMaximumStreamIdCharacters = 128;

// The id of a realtime session is its caller's own text.
inline constexpr std::int64_t kMaximumSessionNameCharacters = 128;

// Longer than any id in a dossier: those are digests, shortened or whole.
inline constexpr std::int64_t kMaximumDossierIdCharacters = 128;

inline constexpr std::int64_t kMaximumPlanNameCharacters = 32;

// The type of `{name}`. The ids of a stream and of a realtime session are texts that the caller
// chooses, a plan has a name, a bot and a version have a number, the core reads the ids in a
// dossier or a companion's memory, and all others are UUIDs.
constexpr Field path_parameter(std::string_view name) {
  if (name == "stream_id") {
    return {.name = name, .type = Type::token, .minimum = 1, .maximum = kMaximumStreamIdCharacters};
  }
  if (name == "realtime_session_id") {
    return {
        .name = name, .type = Type::text, .minimum = 1, .maximum = kMaximumSessionNameCharacters};
  }
  if (name == "plan_name") {
    return {.name = name, .type = Type::token, .minimum = 1, .maximum = kMaximumPlanNameCharacters};
  }
  if (name == "character_id" || name == "question_id" || name == "proposal_id" ||
      name == "entry_id" || name == "memory_id") {
    return {
        .name = name, .type = Type::token, .minimum = 1, .maximum = kMaximumDossierIdCharacters};
  }
  constexpr std::int64_t kLargestExactNumber = (std::int64_t{1} << 53) - 1;
  if (name == "version") {
    return {.name = name, .type = Type::integer, .minimum = 0, .maximum = kLargestExactNumber};
  }
  if (name == "bot_id") {
    return {.name = name, .type = Type::integer, .minimum = 1, .maximum = kLargestExactNumber};
  }
  return {.name = name, .type = Type::uuid};
}

}  // namespace fabula::api
