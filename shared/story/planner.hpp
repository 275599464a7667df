// Decides the next step of a story's job from the story's rows alone, so that any worker that
// repeats a step does the same. This code and not the model controls the length: each call asks for
// a share of the missing length, adjusted by how much of the requested length models have written
// so far.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/story/state.hpp"

namespace fabula::story {

enum class StepKind : std::uint8_t {
  premise,
  chapters,  // the plan of a novel
  outline,   // of the story or of one chapter
  piece,     // a piece of the next scene
  recap,     // of a scene or a chapter
  ideas,
  setup,
  done,  // nothing is left to do
};

// The step kind's name in a step's result.
std::string_view name(StepKind kind);

struct NextStep {
  StepKind kind = StepKind::done;
  std::int64_t chapter = 0;  // the outlined chapter's number; 0 in a story without chapters
  // The lengths of a piece, in the unit of the language.
  std::int64_t asked = 0;       // requested from the model
  std::int64_t expected = 0;    // the length that the model will probably write
  std::int64_t scene_left = 0;  // still missing in the scene
  bool is_scene_end = false;    // the scene should end with this piece
  bool is_story_end = false;    // the story should end with this piece
  // The job ends with this step, whatever it makes; for pieces see after_piece().
  bool is_last_step = false;
};

NextStep next_step(const State& state);

// The most pieces of a scene. The last scene of a story may take more, until the story is long
// enough.
inline constexpr std::int64_t kMaximumPieces = 4;
inline constexpr std::int64_t kMaximumExtraPieces = 12;
// A scene is done with this share of its length, a story with the second share of its own.
inline constexpr double kEnoughOfScene = 0.8;
inline constexpr double kEnoughOfStory = 0.95;

struct AfterPiece {
  bool is_scene_done = false;
  bool is_last_step = false;   // the job ends
  bool is_story_done = false;  // all scenes are written
};

// The state after a piece of this length is kept. `is_end_told`: the text shows the last
// event of the outline; a last scene without it gets one more piece if there is room.
AfterPiece after_piece(const State& state, std::int64_t made, bool is_end_told);

// Whether the text left by an attempt that died is worth keeping as the piece.
bool is_worth_keeping(std::int64_t length, std::int64_t asked);

// The job's progress in percent, once `length` has been written; only the job's end reports 100.
int progress_percent(const State& state, StepKind done, std::int64_t length);

}  // namespace fabula::story
