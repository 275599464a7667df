// The prompts of a story's steps. Each is made from the rows alone and stays within a budget,
// however long the story is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/story/planner.hpp"
#include "shared/story/state.hpp"
#include "shared/usage/token_estimate.hpp"

namespace fabula::story {

// The most tokens of a prompt's material, at four bytes per token as in the database; fewer when
// the deployment's models have less room. The instructions add at most kMaximumInstructionTokens.
inline constexpr std::int64_t kMaximumMaterialTokens = 8'000;
inline constexpr std::int64_t kMinimumMaterialTokens = 800;
inline constexpr std::int64_t kMaximumInstructionTokens = 1'000;
inline constexpr auto kBytesPerToken = static_cast<std::int64_t>(usage::kBytesPerToken);

inline constexpr std::int64_t kMaximumRecapWords = 60;

struct StoryPrompt {
  std::string system;
  std::string question;
  std::string_view label;  // name and version
};

// The prompt for the planner's step; `material_tokens` is limited to the bounds above. Only for
// steps that ask a model.
StoryPrompt prompt_of(const State& state, const NextStep& step, std::int64_t material_tokens);

// The labels of all prompts of stories: a change to one changes the answers.
std::string prompts_label();

}  // namespace fabula::story
