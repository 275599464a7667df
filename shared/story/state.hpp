// The state of a story at one step of its job, from its rows: the answer of private.story_work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/story/route.hpp"
#include "shared/story/scene_plan.hpp"
#include "shared/story/settings.hpp"

namespace fabula::story {

struct Totals {
  std::int64_t scenes = 0;  // in all outlined chapters
  std::int64_t scenes_written = 0;
  // All lengths are in the unit of the story's language.
  std::int64_t length_written = 0;  // of finished scenes
  double weight_left = 0;           // of the planned scenes that are not finished
  // The lengths requested from models, and written by them, in all kept pieces.
  std::int64_t asked = 0;
  std::int64_t made = 0;
};

struct ChapterState {
  ChapterPlan plan;
  bool is_outlined = false;
  std::string recap;
};

struct NextScene {
  std::string part_id;
  std::int64_t chapter = 0;
  ScenePlan plan;
  double weight = 1;
  std::int64_t pieces = 0;   // in the draft
  std::int64_t retries = 0;  // rejected attempts at the next piece
  std::string draft;
  std::vector<std::string> corrections;  // for the rejected attempt, to the model
};

struct ToldScene {
  std::int64_t number = 0;
  std::string title;
  std::string text;  // or its end
};

struct Recap {
  std::int64_t number = 0;
  std::string title;
  std::string text;
};

struct Unrecapped {
  std::string part_id;
  bool is_chapter = false;
  std::int64_t number = 0;
  std::string title;
  std::string description;
  std::string text;           // of a scene
  std::vector<Recap> recaps;  // a chapter's: the recaps of its scenes
};

// Text of this step from an attempt that died or failed.
struct DeadDraft {
  std::string text;
  std::int64_t attempt = 0;
};

struct GivenTexts {
  std::string premise;
  std::string outline;  // as text, if it could not be read as scenes
  std::string story_text;
  std::string idea;
  std::string feedback;
};

struct State {
  Route route = Route::full;
  std::int64_t step = 1;
  std::int64_t attempts = 1;  // attempts at this step, including this one
  Settings settings;
  std::string title;
  std::string premise;
  bool has_outline = false;
  bool is_outline_locked = false;
  std::vector<ScenePlan> outline;  // for the routes that make an outline
  Totals totals;
  std::vector<ChapterState> chapters;
  std::optional<NextScene> next;
  bool is_last = false;             // the next scene is the story's last
  std::vector<ToldScene> previous;  // at most two, the latest first
  std::vector<Recap> recaps;        // of the written scenes of this chapter
  std::vector<ScenePlan> later;     // the following scenes
  std::optional<Unrecapped> unrecapped;
  std::vector<std::string> facts;  // the dossier's lines
  std::optional<DeadDraft> saved;
  GivenTexts given;
};

// internal_error when the answer does not have the form that the database promises.
Result<State> read_state(const json::Document& work);

}  // namespace fabula::story
