// A story's rows for tests, without a database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/story/state.hpp"

namespace fabula::tests {

inline std::string words(std::int64_t count) {
  std::string text;
  text.reserve(static_cast<std::size_t>(count) * 2);
  for (std::int64_t at = 0; at < count; ++at) text += "w ";
  if (!text.empty()) text.back() = '.';
  return text;
}

inline story::ScenePlan scene_plan(std::int64_t number) {
  story::ScenePlan plan;
  plan.number = number;
  plan.title = "Scene " + std::to_string(number);
  plan.description = "Mara looks for letter " + std::to_string(number) + ".";
  plan.characters = {"Mara Olsen"};
  plan.key_events = {"Mara finds letter " + std::to_string(number) + "."};
  return plan;
}

inline story::State story_state(story::Route route, std::int64_t target_words) {
  story::State state;
  state.route = route;
  state.settings.target_words = target_words;
  state.settings.language = "en";
  state.settings.unit = story::Unit::words;
  state.settings.persona = "Mystery Novelist";
  state.settings.story_setting = "A harbour town.";
  state.settings.character_input = "Mara Olsen, a lighthouse keeper.";
  state.settings.plot_elements = "Letters that come from the sea.";
  state.settings.writing_style = "Narrative";
  state.settings.story_tone = "Mysterious";
  state.settings.narrative_pov = "First Person";
  state.settings.audience_age_group = "Adults (18+)";
  state.settings.content_rating = "PG";
  state.settings.ending_preference = "Twist";
  return state;
}

}  // namespace fabula::tests
