// Decides what the next step of a story's job does, from the story's rows alone: so a step that is
// done again, by whichever worker, is the same step. The length is kept here and not by the model:
// each call asks for a share of what is missing, by how much models have written so far of what
// they were asked for.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/story/state.hpp"

namespace fabula::story {

enum class StepKind : std::uint8_t {
  premise,
  chapters,  // the plan of a novel
  outline,   // of the story or of one chapter
  piece,     // of the next scene
  recap,     // of a scene or a chapter
  ideas,
  setup,
  done,  // there is nothing to do
};

// Its name in a step's result.
std::string_view name(StepKind kind);

struct NextStep {
  StepKind kind = StepKind::done;
  std::int64_t chapter = 0;  // of an outline: its number; 0 in a story without chapters
  // The lengths of a piece, in the unit of the language.
  std::int64_t asked = 0;       // to ask the model for
  std::int64_t expected = 0;    // what is likely to come of that
  std::int64_t scene_left = 0;  // missing of the scene
  bool is_scene_end = false;    // the scene should end with this piece
  bool is_story_end = false;    // and the story
  // The job has ended with this step, whatever is made; of pieces see after_piece().
  bool is_last_step = false;
};

NextStep next_step(const State& state);

// A scene may take so many pieces. The last scene of a story may take more, until the story is long
// enough.
inline constexpr std::int64_t kMaximumPieces = 4;
inline constexpr std::int64_t kMaximumExtraPieces = 12;
// A scene is done with this share of its length, a story with this share of its own.
inline constexpr double kEnoughOfScene = 0.8;
inline constexpr double kEnoughOfStory = 0.95;

struct AfterPiece {
  bool is_scene_done = false;
  bool is_last_step = false;   // of the job
  bool is_story_done = false;  // all scenes are written
};

// Decides what is done once the piece, of this length, is kept. `is_end_told`: the text shows the
// last event of the outline; a last scene without it gets one more piece if there is room.
AfterPiece after_piece(const State& state, std::int64_t made, bool is_end_told);

// Whether a text that a dead attempt has left is worth keeping as the piece.
bool is_worth_keeping(std::int64_t length, std::int64_t asked);

// How far the job is, in percent, once `length` has been written; 100 is said by the job's end.
int progress_percent(const State& state, StepKind done, std::int64_t length);

}  // namespace fabula::story
