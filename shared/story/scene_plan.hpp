// The plan of one scene and of one chapter of a novel, by a model or a person, and the JSON in
// which plans are stored and sent.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/json/document.hpp"

namespace fabula::story {

struct ScenePlan {
  std::int64_t number = 0;  // from 1
  std::string title;
  std::string description;
  std::vector<std::string> characters;
  std::vector<std::string> key_events;  // in the order in which they happen
  std::string image_prompt;
  std::string narration;
};

struct ChapterPlan {
  std::int64_t number = 0;  // from 1
  std::string title;
  std::string description;
  std::vector<std::string> key_events;
};

// Appends one object with all members, including empty ones: number, title, description,
// characters, key_events, image_prompt, narration.
void append_plan(std::string& out, const ScenePlan& plan);
void append_plan(std::string& out, const ChapterPlan& plan);
// A JSON array of them.
std::string plans_json(std::span<const ScenePlan> plans);
std::string plans_json(std::span<const ChapterPlan> plans);

// Reads a plan from append_plan or from rows. Members that are missing, null or of another type
// stay empty: rows are ours. outline.hpp reads plans from models.
ScenePlan scene_plan_of(const json::Document& object);
ChapterPlan chapter_plan_of(const json::Document& object);

}  // namespace fabula::story
