// Estimates the calls and tokens of a story before it begins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/story/route.hpp"
#include "shared/story/settings.hpp"

namespace fabula::story {

// A novel is planned in chapters, anything shorter only in scenes.
inline constexpr std::int64_t kMaximumStoryWords = 12'000;  // a target above it is a novel's
inline constexpr std::int64_t kMinimumScenes = 5;           // for a chapter, or for a short story
inline constexpr std::int64_t kMaximumScenes = 10;
inline constexpr std::int64_t kMaximumPieceWords = 1'200;  // requested in one call

// The number of chapters in a novel; 0 for a shorter story.
std::int64_t chapter_count(std::int64_t target_words);

// The work that exists already when the story begins.
struct Given {
  bool has_premise = false;
  bool has_outline = false;
};

// All calls of one kind, such as all pieces of scenes.
struct StepEstimate {
  std::string_view kind;  // "premise", "chapters", "outline", "scene", "repeat", "recap",
                          // "reading", "ideas", "setup"
  std::int64_t calls = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
};

struct Estimate {
  std::int64_t chapters = 0;  // 0: not a novel
  std::int64_t scenes = 0;
  std::int64_t calls = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::vector<StepEstimate> steps;

  std::int64_t tokens() const { return prompt_tokens + completion_tokens; }
};

// The cost of one request with this route; the same settings give the same numbers. One in ten
// pieces is assumed to be requested again.
Estimate estimate(const Settings& settings, Route route, Given given = {});

// The body of POST /story/estimate: all numbers, and the steps.
std::string estimate_json(const Estimate& estimate, const Settings& settings);

}  // namespace fabula::story
