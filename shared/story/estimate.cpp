#include "shared/story/estimate.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/json/text.hpp"
#include "shared/story/language.hpp"

namespace fabula::story {
namespace {

// The usual length of a chapter and a scene, by which novels and stories are divided.
constexpr std::int64_t kChapterWords = 4'000;
constexpr std::int64_t kSceneWords = 600;
constexpr std::int64_t kMinimumChapters = 3;
constexpr std::int64_t kMaximumChapters = 50;
constexpr std::int64_t kMaximumPieces = 4;  // for a scene

// The lengths, in words, of a step's inputs and outputs.
constexpr std::int64_t kInstructionWords = 350;
constexpr std::int64_t kPremiseWords = 180;
constexpr std::int64_t kChapterPlanWords = 90;
constexpr std::int64_t kScenePlanWords = 130;
constexpr std::int64_t kRecapWords = 60;
constexpr std::int64_t kFactWords = 400;
constexpr std::int64_t kExtractionWords = 350;  // the answer when the dossier reads a scene
constexpr std::int64_t kIdeaWords = 450;        // three ideas together
constexpr std::int64_t kSetupWords = 250;
// The limits in a scene's prompt: the synopsis so far, and the end of the previous scenes.
constexpr std::int64_t kMaximumSynopsisWords = 1'200;
constexpr std::int64_t kMaximumPreviousWords = 1'800;

constexpr std::int64_t rounded(std::int64_t dividend, std::int64_t divisor) {
  return (dividend + divisor / 2) / divisor;
}

constexpr std::int64_t rounded_up(std::int64_t dividend, std::int64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

struct LanguageTokens {
  std::string_view language;
  std::int64_t tokens_per_100_words;
};

// Tokens for 100 words with the providers' tokenizers, or for 200 characters where length is
// counted in characters.
constexpr auto kLanguageTokens = std::to_array<LanguageTokens>(
    {{"en", 135}, {"de", 190}, {"fr", 170}, {"es", 165}, {"it", 175}, {"pt", 165}, {"nl", 180},
     {"sv", 190}, {"da", 190}, {"nb", 185}, {"id", 180}, {"pl", 240}, {"cs", 250}, {"ro", 210},
     {"hu", 270}, {"fi", 280}, {"tr", 250}, {"vi", 160}, {"ru", 240}, {"uk", 270}, {"bg", 250},
     {"zh", 240}, {"ja", 220}, {"ko", 260}, {"ar", 230}, {"he", 240}, {"hi", 260}, {"th", 200}});
constexpr std::int64_t kOtherTokensPer100Words = 300;

std::int64_t tokens_per_100_words(std::string_view tag) {
  const auto language = primary_language(tag);
  const auto found = std::find_if(kLanguageTokens.begin(), kLanguageTokens.end(),
                                  [&](const auto& row) { return row.language == language; });
  return found == kLanguageTokens.end() ? kOtherTokensPer100Words : found->tokens_per_100_words;
}

std::int64_t scene_count(std::int64_t words) {
  return std::clamp(rounded(words, kSceneWords), kMinimumScenes, kMaximumScenes);
}

// The person's own words, which each prompt repeats.
std::int64_t own_words(const Settings& settings) {
  constexpr std::int64_t kOptionWords = 60;
  std::int64_t length = 0;
  for (const auto& text :
       {settings.story_setting, settings.character_input, settings.plot_elements}) {
    length += story::length(text, settings.unit);
  }
  return kOptionWords + (settings.unit == Unit::words ? length : length / kCharactersPerWord);
}

// Adds up the calls of a story, in the order in which they are made.
class Work {
 public:
  explicit Work(const Settings& settings)
      : tokens_per_100_words_(tokens_per_100_words(settings.language)),
        base_words_(kInstructionWords + own_words(settings)) {
    estimate_.chapters = chapter_count(settings.target_words);
    const auto chapters = std::max<std::int64_t>(estimate_.chapters, 1);
    chapter_words_ = settings.target_words / chapters;
    scenes_of_chapter_ = scene_count(chapter_words_);
    estimate_.scenes = scenes_of_chapter_ * chapters;
  }

  void premise() { add("premise", 1, base_words_, kPremiseWords); }
  void ideas() { add("ideas", 1, base_words_, kIdeaWords); }
  void setup() { add("setup", 1, base_words_, kSetupWords); }

  // Plans all chapters, or all scenes.
  void plan() {
    if (estimate_.chapters == 0) return scenes_plan(1, 0);
    add("chapters", 1, base_words_ + kPremiseWords, estimate_.chapters * kChapterPlanWords);
  }

  // Plans the scenes of each chapter of a novel.
  void chapter_plans(std::int64_t chapters) {
    if (estimate_.chapters != 0) scenes_plan(chapters, estimate_.chapters * kChapterPlanWords);
  }

  // Writes the scenes from `first` on: pieces, recap and dossier of each.
  void scenes(std::int64_t first, std::int64_t count) {
    const auto scene_words = chapter_words_ / scenes_of_chapter_;
    const auto pieces =
        std::clamp<std::int64_t>(rounded_up(scene_words, kMaximumPieceWords), 1, kMaximumPieces);
    for (auto scene = first; scene < first + count; ++scene) {
      const auto synopsis = std::min(scene * kRecapWords, kMaximumSynopsisWords);
      const auto previous = std::min(scene * scene_words, kMaximumPreviousWords);
      // On average, the prompt of a piece contains half of the scene.
      const auto draft = scene_words * (pieces - 1) / (2 * pieces);
      const auto prompt =
          base_words_ + kPremiseWords + kScenePlanWords + kFactWords + synopsis + previous + draft;
      add("scene", pieces, prompt, scene_words / pieces);
      add("recap", 1, kInstructionWords + scene_words, kRecapWords);
      add("reading", 1, kInstructionWords + kFactWords + scene_words, kExtractionWords);
    }
    add_repeats();
  }

  void chapter_recaps() {
    add("recap", estimate_.chapters, kInstructionWords + scenes_of_chapter_ * kRecapWords,
        kRecapWords);
  }

  Estimate result() && {
    for (const auto& step : estimate_.steps) {
      estimate_.calls += step.calls;
      estimate_.prompt_tokens += step.prompt_tokens;
      estimate_.completion_tokens += step.completion_tokens;
    }
    return std::move(estimate_);
  }

  const Estimate& estimate() const { return estimate_; }

 private:
  std::int64_t tokens(std::int64_t words) const {
    return rounded_up(words * tokens_per_100_words_, 100);
  }

  StepEstimate& step(std::string_view kind) {
    for (auto& step : estimate_.steps) {
      if (step.kind == kind) return step;
    }
    return estimate_.steps.emplace_back(StepEstimate{kind});
  }

  void add(std::string_view kind, std::int64_t calls, std::int64_t prompt_words,
           std::int64_t answer_words) {
    if (calls == 0) return;
    auto& kind_step = step(kind);
    kind_step.calls += calls;
    kind_step.prompt_tokens += calls * tokens(prompt_words);
    kind_step.completion_tokens += calls * tokens(answer_words);
  }

  void scenes_plan(std::int64_t outlines, std::int64_t chapters_words) {
    add("outline", outlines, base_words_ + kPremiseWords + chapters_words,
        scenes_of_chapter_ * kScenePlanWords);
  }

  void add_repeats() {
    constexpr std::int64_t kPiecesForEachRepeat = 10;
    const auto pieces = step("scene");
    const auto repeats = rounded_up(pieces.calls, kPiecesForEachRepeat);
    auto& repeated = step("repeat");
    repeated.calls += repeats;
    repeated.prompt_tokens += repeats * (pieces.prompt_tokens / pieces.calls);
    repeated.completion_tokens += repeats * (pieces.completion_tokens / pieces.calls);
  }

  std::int64_t tokens_per_100_words_;
  std::int64_t base_words_;  // in each prompt for the plan and the text
  std::int64_t chapter_words_ = 0;
  std::int64_t scenes_of_chapter_ = 0;
  Estimate estimate_;
};

}  // namespace

std::int64_t chapter_count(std::int64_t target_words) {
  if (target_words <= kMaximumStoryWords) return 0;
  return std::clamp(rounded(target_words, kChapterWords), kMinimumChapters, kMaximumChapters);
}

Estimate estimate(const Settings& settings, Route route, Given given) {
  Work work(settings);
  const auto all_scenes = work.estimate().scenes;
  const auto plan_if_missing = [&] {
    if (!given.has_premise) work.premise();
    if (!given.has_outline) work.plan();
  };
  switch (route) {
    case Route::premise:
      work.premise();
      break;
    case Route::outline:
      if (!given.has_premise) work.premise();
      work.plan();
      break;
    case Route::refine:
      work.plan();
      break;
    case Route::ideas:
      work.ideas();
      break;
    case Route::setup:
      work.setup();
      break;
    case Route::start:
      plan_if_missing();
      work.chapter_plans(1);
      work.scenes(0, 1);
      break;
    case Route::continuation:
      // The next scene is unknown here: assume the last one, whose prompt is the longest.
      work.chapter_plans(1);
      work.scenes(all_scenes - 1, 1);
      break;
    case Route::scene:
      work.scenes(all_scenes - 1, 1);
      break;
    case Route::full:
      plan_if_missing();
      work.chapter_plans(work.estimate().chapters);
      work.scenes(0, all_scenes);
      work.chapter_recaps();
      break;
  }
  return std::move(work).result();
}

std::string estimate_json(const Estimate& estimate, const Settings& settings) {
  std::string body;
  json::Writer writer(body);
  const auto numbers = [&](const auto& of) {
    writer.key("calls").integer(of.calls).key("prompt_tokens").integer(of.prompt_tokens);
    writer.key("completion_tokens").integer(of.completion_tokens);
    writer.key("tokens").integer(of.prompt_tokens + of.completion_tokens);
  };
  writer.begin_object();
  numbers(estimate);
  writer.key("chapters").integer(estimate.chapters).key("scenes").integer(estimate.scenes);
  writer.key("target_length").integer(target_length(settings));
  writer.key("unit").string(name(settings.unit)).key("language").string(settings.language);
  writer.key("steps").begin_array();
  for (const auto& step : estimate.steps) {
    writer.begin_object().key("kind").string(step.kind);
    numbers(step);
    writer.end_object();
  }
  writer.end_array().end_object();
  return body;
}

}  // namespace fabula::story
