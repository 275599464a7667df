// The planner: a story's next step, and that stories get their requested length, whatever models
// make of the requested lengths.
#include "shared/story/planner.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "shared/story/estimate.hpp"
#include "shared/story/length.hpp"
#include "tests/unit/story_state.hpp"

using namespace fabula;
using namespace fabula::tests;
using story::NextStep;
using story::Route;
using story::State;
using story::StepKind;

namespace {

// Keeps the rows of a story like the database, with a model that writes a given share of the
// requested length.
class Simulation {
 public:
  Simulation(std::int64_t target_words, std::uint64_t seed, std::function<double()> multiple)
      : random(seed), multiple_(std::move(multiple)) {
    state = story_state(Route::full, target_words);
  }

  void run() {
    for (;;) {
      REQUIRE(++steps < 5'000);
      const auto next = story::next_step(state);
      kinds.push_back(next.kind);
      if (do_step(next)) return;
    }
  }

  double share() const {
    return static_cast<double>(state.totals.length_written) /
           static_cast<double>(state.settings.target_words);
  }

  State state;
  std::mt19937_64 random;
  std::vector<StepKind> kinds;
  std::vector<std::int64_t> scene_lengths;
  int steps = 0;
  int progress = 0;
  std::int64_t most_asked = 0;

 private:
  std::int64_t between(std::int64_t lowest, std::int64_t highest) {
    return std::uniform_int_distribution<std::int64_t>(lowest, highest)(random);
  }

  void plan_scenes() {
    scenes_of_chapter_ = between(5, 10);
    written_of_chapter_ = 0;
    state.totals.scenes += scenes_of_chapter_;
    state.totals.weight_left += static_cast<double>(scenes_of_chapter_);
    offer_scene();
  }

  void offer_scene() {
    state.next.reset();
    state.is_last = false;
    if (written_of_chapter_ >= scenes_of_chapter_) return;
    state.next.emplace();
    state.next->part_id = "p" + std::to_string(state.totals.scenes_written + 1);
    state.next->chapter = chapter_;
    state.next->plan = scene_plan(state.totals.scenes_written + 1);
    state.is_last =
        written_of_chapter_ + 1 == scenes_of_chapter_ &&
        (state.chapters.empty() || chapter_ == static_cast<std::int64_t>(state.chapters.size()));
  }

  void finish_scene(std::int64_t length) {
    scene_lengths.push_back(length);
    state.totals.length_written += length;
    state.totals.scenes_written += 1;
    state.totals.weight_left -= 1;
    ++written_of_chapter_;
    story::Unrecapped part;
    part.part_id = state.next->part_id;
    state.unrecapped = part;
    offer_scene();
  }

  bool write_piece(const NextStep& next) {
    most_asked = std::max(most_asked, next.asked);
    const auto made =
        std::max<std::int64_t>(std::llround(static_cast<double>(next.asked) * multiple_()), 1);
    const auto after = story::after_piece(state, made, true);
    state.totals.asked += next.asked;
    state.totals.made += made;
    auto& scene = *state.next;
    scene.draft += (scene.draft.empty() ? "" : "\n\n") + words(made);
    const auto length = story::length(scene.draft, state.settings.unit);
    const auto percent = story::progress_percent(state, StepKind::piece, length);
    CHECK(percent >= progress);
    progress = percent;
    scene.pieces += 1;
    if (after.is_scene_done) finish_scene(length);
    CHECK(after.is_last_step == after.is_story_done);
    return after.is_last_step;
  }

  bool do_step(const NextStep& next) {
    switch (next.kind) {
      case StepKind::premise:
        state.premise = "Mara finds letters.";
        return false;
      case StepKind::chapters:
        state.has_outline = true;
        for (std::int64_t number = 1; number <= story::chapter_count(state.settings.target_words);
             ++number) {
          story::ChapterState chapter;
          chapter.plan.number = number;
          state.chapters.push_back(chapter);
        }
        return false;
      case StepKind::outline:
        chapter_ = next.chapter;
        state.has_outline = true;
        if (next.chapter > 0) {
          state.chapters.at(static_cast<std::size_t>(next.chapter - 1)).is_outlined = true;
        }
        plan_scenes();
        return false;
      case StepKind::piece:
        return write_piece(next);
      case StepKind::recap:
        state.unrecapped.reset();
        return false;
      default:
        FAIL("a step of another route");
        return true;
    }
  }

  std::function<double()> multiple_;
  std::int64_t chapter_ = 1;
  std::int64_t scenes_of_chapter_ = 0;
  std::int64_t written_of_chapter_ = 0;
};

constexpr double kTolerance = 0.1;

void check_length(std::int64_t target, std::uint64_t seed, std::function<double()> multiple) {
  CAPTURE(target);
  CAPTURE(seed);
  Simulation story(target, seed, std::move(multiple));
  story.run();
  CHECK(story.share() >= 1 - kTolerance);
  CHECK(story.share() <= 1 + kTolerance);
  CHECK(story.state.totals.scenes_written == story.state.totals.scenes);
  CHECK(story.most_asked <= story::kMaximumPieceWords);
}

std::function<double()> always(double multiple) {
  return [multiple] { return multiple; };
}

// A multiple between `lowest` and `highest`, another one each time.
std::function<double()> random_multiple(std::uint64_t seed, double lowest, double highest) {
  return [random = std::mt19937_64(seed), lowest, highest]() mutable {
    return std::uniform_real_distribution<double>(lowest, highest)(random);
  };
}

}  // namespace

TEST_CASE("stories end within 10 % of their length, whatever a model makes of it") {
  for (const std::int64_t target : {1'000, 5'000, 10'000}) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      for (const double multiple : {0.5, 1.0, 1.6}) check_length(target, seed, always(multiple));
    }
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      check_length(target, seed, random_multiple(seed, 0.3, 2.0));
    }
  }
}

TEST_CASE("a novel ends within 10 % of its length") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const double multiple : {0.5, 1.0, 1.6}) check_length(100'000, seed, always(multiple));
  }
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    check_length(100'000, seed, random_multiple(seed, 0.3, 2.0));
  }
}

TEST_CASE("a model that is too brief throughout still comes to the end") {
  check_length(10'000, 1, always(0.3));
  check_length(100'000, 1, always(0.3));
}

TEST_CASE("chapters of a novel share its length") {
  Simulation story(100'000, 7, random_multiple(7, 0.3, 2.0));
  story.run();
  CHECK(story.state.chapters.size() == 25);
  // The last tenth of the scenes is no shorter than half of all, and no longer than twice.
  const auto& lengths = story.scene_lengths;
  const auto tail = lengths.size() / 10;
  double all = 0;
  double last = 0;
  for (std::size_t at = 0; at < lengths.size(); ++at) {
    all += static_cast<double>(lengths[at]);
    if (at + tail >= lengths.size()) last += static_cast<double>(lengths[at]);
  }
  const double mean = all / static_cast<double>(lengths.size());
  const double last_mean = last / static_cast<double>(tail);
  CHECK(last_mean > mean / 2);
  CHECK(last_mean < mean * 2);
}

TEST_CASE("a full story: premise, outline, scenes, each summed up before the next") {
  Simulation story(1'000, 3, always(1));
  story.run();
  REQUIRE(story.kinds.size() > 4);
  CHECK(story.kinds[0] == StepKind::premise);
  CHECK(story.kinds[1] == StepKind::outline);
  CHECK(story.kinds[2] == StepKind::piece);
  CHECK(story.kinds[3] == StepKind::recap);
  CHECK(story.kinds.back() == StepKind::piece);
}

TEST_CASE("a model that writes too much does not bring the end nearer") {
  auto state = story_state(Route::full, 200);
  state.totals.scenes = 5;
  state.totals.scenes_written = 2;
  state.totals.length_written = 400;
  state.totals.weight_left = 3;
  CHECK(story::progress_percent(state, StepKind::recap, 0) < 60);
  state.totals.scenes_written = 5;
  CHECK(story::progress_percent(state, StepKind::recap, 0) == 99);
}

TEST_CASE("each route does its own steps and no more") {
  auto state = story_state(Route::premise, 1'000);
  CHECK(story::next_step(state).kind == StepKind::premise);
  CHECK(story::next_step(state).is_last_step);

  state.route = Route::outline;
  CHECK(story::next_step(state).kind == StepKind::premise);
  CHECK_FALSE(story::next_step(state).is_last_step);
  state.premise = "A fox.";
  CHECK(story::next_step(state).kind == StepKind::outline);
  CHECK(story::next_step(state).is_last_step);

  state.route = Route::start;
  CHECK(story::next_step(state).kind == StepKind::outline);
  CHECK_FALSE(story::next_step(state).is_last_step);
  state.has_outline = true;
  state.totals.scenes = 5;
  state.totals.weight_left = 5;
  state.next.emplace();
  state.next->plan = scene_plan(1);
  CHECK(story::next_step(state).kind == StepKind::piece);
  auto after = story::after_piece(state, 200, false);
  CHECK(after.is_scene_done);
  CHECK(after.is_last_step);
  CHECK_FALSE(after.is_story_done);
  // Too short: another piece of the same scene comes first.
  after = story::after_piece(state, 100, false);
  CHECK_FALSE(after.is_scene_done);
  CHECK_FALSE(after.is_last_step);

  state.route = Route::ideas;
  CHECK(story::next_step(state).kind == StepKind::ideas);
  state.route = Route::setup;
  CHECK(story::next_step(state).kind == StepKind::setup);
}

TEST_CASE("a novel's outline is its chapters and the scenes of the first") {
  auto state = story_state(Route::outline, 50'000);
  state.premise = "A fox.";
  auto next = story::next_step(state);
  CHECK(next.kind == StepKind::chapters);
  CHECK_FALSE(next.is_last_step);
  for (std::int64_t number = 1; number <= 12; ++number) {
    story::ChapterState chapter;
    chapter.plan.number = number;
    state.chapters.push_back(chapter);
  }
  next = story::next_step(state);
  CHECK(next.kind == StepKind::outline);
  CHECK(next.chapter == 1);
  CHECK(next.is_last_step);
  // If it is requested again later, everything is planned again.
  state.chapters[0].is_outlined = true;
  CHECK(story::next_step(state).kind == StepKind::chapters);
}

TEST_CASE("a last scene whose end is not told gets more, while there is room") {
  auto state = story_state(Route::full, 1'000);
  state.premise = "A fox.";
  state.has_outline = true;
  state.totals = {.scenes = 5, .scenes_written = 4, .length_written = 800, .weight_left = 1};
  state.next.emplace();
  state.next->plan = scene_plan(5);
  state.is_last = true;
  CHECK(story::after_piece(state, 170, true).is_story_done);
  CHECK_FALSE(story::after_piece(state, 170, false).is_story_done);
  CHECK(story::after_piece(state, 210, false).is_story_done);
  CHECK_FALSE(story::after_piece(state, 100, true).is_story_done);
}

TEST_CASE("what a dead attempt has left is kept from forty words on, or half of what was asked") {
  CHECK(story::is_worth_keeping(40, 1'000));
  CHECK_FALSE(story::is_worth_keeping(39, 1'000));
  CHECK(story::is_worth_keeping(10, 20));
  CHECK_FALSE(story::is_worth_keeping(0, 0));
}
