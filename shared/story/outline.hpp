// Plans from a model: the JSON Schemas to request them with, and readers for what models really
// send (fenced, cut off, in camel case, with members under other names, numbers as text, scenes out
// of order, one string for a list).
//
// Every reader takes the whole reply. The Problem is provider_malformed; its `errors` describe the
// faults in words for llm::correction_request, so that the model can be asked once more.
// Placeholders ("Scene title", "TBD", "...") are never accepted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/story/scene_plan.hpp"

namespace fabula::story {

// For ModelRequest::response_schema; each describes one object.
extern const std::string_view kOutlineSchema;
extern const std::string_view kChaptersSchema;
extern const std::string_view kIdeasSchema;
extern const std::string_view kSetupSchema;

inline constexpr std::size_t kFewestScenes = 5;
inline constexpr std::size_t kMostScenes = 10;
inline constexpr std::size_t kFewestChapters = 3;
inline constexpr std::size_t kMostChapters = 50;
inline constexpr std::size_t kIdeaCount = 3;

// The scenes in their order, numbered from 1 without gaps; each has a title, a description or key
// events, and at least one key event (the description, when the model named none).
Result<std::vector<ScenePlan>> read_outline(std::string_view reply);
// Reads a document: an array of scenes, or an object that contains one.
Result<std::vector<ScenePlan>> outline_of(const json::Document& document);

struct ChaptersPlan {
  std::string title;  // the novel's title; "" when the model gave none
  std::vector<ChapterPlan> chapters;
};

// Returns `wanted` chapters, in order, numbered from 1: one more or less for every ten is accepted,
// and the length is distributed over the existing ones.
Result<ChaptersPlan> read_chapters(std::string_view reply, std::size_t wanted);

struct Idea {
  std::string title;
  std::string idea;
  std::string whats_new;
};

// Exactly kIdeaCount; of more, the first ones.
Result<std::vector<Idea>> read_ideas(std::string_view reply);
std::string ideas_json(const std::vector<Idea>& ideas);

// An object with all text fields of a story's settings (persona ... story_length, title), none of
// them blank except `title`. read_settings checks whether values are in strict lists.
Result<json::Document> read_setup(std::string_view reply);

}  // namespace fabula::story
