#include "shared/story/planner.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "shared/story/estimate.hpp"
#include "shared/story/length.hpp"

namespace fabula::story {
namespace {

// The ratio of the length that models have written to the requested length, within bounds.
constexpr double kLowestRatio = 0.4;
constexpr double kHighestRatio = 2.5;
// The shortest length that is worth a call, in words; and as a share of the target, so that few
// pieces are left at the end. A model may write twice the requested length, so the share is less
// than half of the tolerated excess of a story.
constexpr std::int64_t kLeastAsked = 20;
constexpr double kLastShare = 0.04;
// A draft of a dead attempt with this many words is kept.
constexpr std::int64_t kLeastKept = 40;
// Shares of the progress before the first scene.
constexpr int kPremisePercent = 4;
constexpr int kOutlinePercent = 10;
constexpr int kMaximumPercent = 99;

double target(const State& state) {
  return static_cast<double>(std::max<std::int64_t>(target_length(state.settings), 1));
}

std::int64_t draft_length(const State& state) {
  return state.next ? length(state.next->draft, state.settings.unit) : 0;
}

std::int64_t written(const State& state) {
  return state.totals.length_written + draft_length(state);
}

// The first pieces count little: the ratio starts as if this much of the target had been written
// exactly as requested.
double ratio(const State& state) {
  const double before = target(state) * kLastShare;
  const double made = static_cast<double>(state.totals.made) + before;
  const double asked = static_cast<double>(state.totals.asked) + before;
  return std::clamp(made / asked, kLowestRatio, kHighestRatio);
}

// The weight of all unfinished scenes: chapters without an outline are assumed to have as many
// scenes as the others.
double weight_left(const State& state) {
  double outlined = 0;
  double missing = 0;
  for (const auto& chapter : state.chapters) (chapter.is_outlined ? outlined : missing) += 1;
  const double scenes_of_chapter =
      outlined > 0 ? static_cast<double>(state.totals.scenes) / outlined : 1;
  return state.totals.weight_left + missing * scenes_of_chapter;
}

bool is_last_scene(const State& state) {
  return state.is_last && std::all_of(state.chapters.begin(), state.chapters.end(),
                                      [](const ChapterState& one) { return one.is_outlined; });
}

// The target length of the next scene.
double wanted_of_scene(const State& state) {
  const double all = target(state);
  if (state.route == Route::scene) {
    // A scene that is rewritten: the others stay unchanged.
    const double scenes = std::max<double>(static_cast<double>(state.totals.scenes), 1);
    return all * state.next->weight / scenes;
  }
  const double left = std::max(all - static_cast<double>(state.totals.length_written), 0.0);
  const double weights = std::max(weight_left(state), state.next->weight);
  return weights > 0 ? left * state.next->weight / weights : left;
}

NextStep plan_piece(const State& state) {
  NextStep step{.kind = StepKind::piece};
  const auto unit = state.settings.unit;
  const double all = target(state);
  const bool is_last = state.route != Route::scene && is_last_scene(state);
  const double least = std::max(static_cast<double>(length_of_words(kLeastAsked, unit)),
                                std::min(all * kLastShare / 2, 150.0));
  double left = wanted_of_scene(state) - static_cast<double>(draft_length(state));
  left = std::max(left, least);
  step.scene_left = std::llround(left);
  double expected = left;
  // A piece of the last scene is at most half of the missing length, so that a model that writes
  // twice as much as requested does not make the story too long.
  if (is_last) expected = std::min(left, std::max({left / 2, all * kLastShare, least}));
  double most = static_cast<double>(length_of_words(kMaximumPieceWords, unit));
  if (state.route != Route::scene) {
    const double missing = all - static_cast<double>(written(state));
    most = std::min(most, std::max({missing / 2, all * kLastShare, least}));
  }
  const double asked = std::min(expected / ratio(state), most);
  step.asked = std::max<std::int64_t>(std::llround(asked), 1);
  step.expected = std::max<std::int64_t>(std::llround(asked * ratio(state)), 1);
  const bool is_whole = static_cast<double>(step.expected) >= left * kEnoughOfScene;
  const bool is_last_try = state.next->pieces + 1 >= kMaximumPieces;
  step.is_scene_end = is_whole || (!is_last && is_last_try);
  step.is_story_end = is_last && is_whole;
  return step;
}

// The outline that is needed before the next scene can be written: the number of its chapter, 0 in
// a story without chapters.
std::optional<std::int64_t> missing_outline(const State& state) {
  if (state.chapters.empty()) {
    if (state.has_outline || state.totals.scenes > 0) return std::nullopt;
    return 0;
  }
  if (state.next) return std::nullopt;
  for (const auto& chapter : state.chapters) {
    if (!chapter.is_outlined) return chapter.plan.number;
  }
  return std::nullopt;
}

bool is_novel(const State& state) { return chapter_count(state.settings.target_words) > 0; }

NextStep plan_outline_route(const State& state) {
  if (!is_novel(state)) {
    return {.kind = StepKind::outline, .is_last_step = true};
  }
  const bool is_made = !state.chapters.empty() && state.chapters.front().is_outlined;
  if (state.chapters.empty() || is_made) {
    return {.kind = StepKind::chapters, .is_last_step = state.is_outline_locked};
  }
  return {.kind = StepKind::outline,
          .chapter = state.chapters.front().plan.number,
          .is_last_step = true};
}

bool ends_with_scene(Route route) {
  return route == Route::start || route == Route::continuation || route == Route::scene;
}

}  // namespace

std::string_view name(StepKind kind) {
  constexpr std::array<std::string_view, 8> kNames{"premise", "chapters", "outline", "piece",
                                                   "recap",   "ideas",    "setup",   "done"};
  return kNames[static_cast<std::size_t>(kind)];
}

NextStep next_step(const State& state) {
  switch (state.route) {
    case Route::ideas:
      return {.kind = StepKind::ideas, .is_last_step = true};
    case Route::setup:
      return {.kind = StepKind::setup, .is_last_step = true};
    case Route::premise:
      return {.kind = StepKind::premise, .is_last_step = true};
    default:
      break;
  }
  if (state.premise.empty() && state.route != Route::scene) return {.kind = StepKind::premise};
  if (state.route == Route::outline || state.route == Route::refine) {
    return plan_outline_route(state);
  }
  if (state.route == Route::scene) {
    return state.next ? plan_piece(state) : NextStep{.is_last_step = true};
  }
  if (state.route == Route::start && state.totals.scenes_written > 0) {
    return {.is_last_step = true};
  }
  if (is_novel(state) && state.chapters.empty() && !state.has_outline && state.totals.scenes == 0) {
    return {.kind = StepKind::chapters};
  }
  const auto chapter = missing_outline(state);
  // Nothing is written after the last scene, so its recap is not needed.
  if (state.unrecapped && (state.next || chapter)) return {.kind = StepKind::recap};
  if (chapter) return {.kind = StepKind::outline, .chapter = *chapter};
  if (state.next) return plan_piece(state);
  return {.is_last_step = true};
}

AfterPiece after_piece(const State& state, std::int64_t made, bool is_end_told) {
  AfterPiece after;
  const double scene = static_cast<double>(draft_length(state) + made);
  const auto pieces = state.next->pieces + 1;
  if (state.route == Route::scene || !is_last_scene(state)) {
    const bool is_enough = scene >= kEnoughOfScene * wanted_of_scene(state);
    after.is_scene_done = is_enough || pieces >= kMaximumPieces;
  } else {
    const double story = static_cast<double>(written(state) + made);
    const bool is_enough = story >= kEnoughOfStory * target(state);
    // At most one extra piece for a missing end.
    const bool has_room = story < target(state);
    const bool is_ended = is_end_told || !has_room || pieces >= kMaximumPieces;
    after.is_scene_done = (is_enough && is_ended) || pieces >= kMaximumPieces + kMaximumExtraPieces;
    after.is_story_done = after.is_scene_done;
  }
  after.is_last_step = after.is_scene_done && (ends_with_scene(state.route) || after.is_story_done);
  return after;
}

bool is_worth_keeping(std::int64_t length, std::int64_t asked) {
  return length >= kLeastKept || (length > 0 && length * 2 >= asked);
}

namespace {

// The share of a story's scenes that are written, including the part of the next one: a model that
// writes more than requested does not bring the end nearer. 1 while the scenes are unknown: a
// novel's chapters are planned one by one.
double scene_share(const State& state, std::int64_t length) {
  if (is_novel(state) || state.totals.scenes == 0) return 1;
  auto written_scenes = static_cast<double>(state.totals.scenes_written);
  if (state.next) {
    const auto part = static_cast<double>(length) / std::max(wanted_of_scene(state), 1.0);
    written_scenes += std::min(part, 1.0);
  }
  return written_scenes / static_cast<double>(state.totals.scenes);
}

}  // namespace

int progress_percent(const State& state, StepKind done, std::int64_t length) {
  const bool is_written = done == StepKind::piece || done == StepKind::recap ||
                          (done == StepKind::outline && length > 0);
  if (!is_written) return done == StepKind::premise ? kPremisePercent : kOutlinePercent;
  const auto length_share =
      static_cast<double>(state.totals.length_written + length) / target(state);
  double share = std::min(length_share, scene_share(state, length));
  if (ends_with_scene(state.route) && state.next) {
    share = static_cast<double>(length) / std::max(wanted_of_scene(state), 1.0);
  }
  const auto percent = kOutlinePercent +
                       static_cast<int>((kMaximumPercent - kOutlinePercent) * std::min(share, 1.0));
  return std::clamp(percent, kOutlinePercent, kMaximumPercent);
}

}  // namespace fabula::story
