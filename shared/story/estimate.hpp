// The calls and tokens that a story will take, told before it begins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/story/route.hpp"
#include "shared/story/settings.hpp"

namespace fabula::story {

// A novel is planned in chapters, anything shorter in scenes alone.
inline constexpr std::int64_t kMaximumStoryWords = 12'000;  // a target above it is a novel's
inline constexpr std::int64_t kMinimumScenes = 5;           // of a chapter, or of a short story
inline constexpr std::int64_t kMaximumScenes = 10;
inline constexpr std::int64_t kMaximumPieceWords = 1'200;  // that one call is asked for

// The chapters of a novel; 0 for a shorter story.
std::int64_t chapter_count(std::int64_t target_words);

// The work that is done already when the story begins.
struct Given {
  bool has_premise = false;
  bool has_outline = false;
};

// The calls of one kind together, such as all pieces of scenes.
struct StepEstimate {
  std::string_view kind;  // "premise", "chapters", "outline", "scene", "repeat", "recap",
                          // "reading", "ideas", "setup"
  std::int64_t calls = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
};

struct Estimate {
  std::int64_t chapters = 0;  // 0: no novel
  std::int64_t scenes = 0;
  std::int64_t calls = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::vector<StepEstimate> steps;

  std::int64_t tokens() const { return prompt_tokens + completion_tokens; }
};

// The cost of one request of this route; the same settings give the same numbers. Pieces that are
// asked for a second time are counted as one in ten.
Estimate estimate(const Settings& settings, Route route, Given given = {});

// The body of POST /story/estimate: all numbers, and the steps.
std::string estimate_json(const Estimate& estimate, const Settings& settings);

}  // namespace fabula::story
