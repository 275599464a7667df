// Finds the passage of a text that shows an event of the plan. It compares words: those of the
// event must occur close together in the text, in any of their forms. No model is asked, so a
// passage in quite different words is not found: a missing event is a reason to look, not a proof.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/story/scene_plan.hpp"

namespace fabula::story {

struct Passage {
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;
  // The weighted share of the event's content words in the passage: 0 to 1.
  double share = 0;
};

// A passage with this share of an event's words shows the event.
inline constexpr double kShown = 0.5;

// A text whose words are looked up more than once.
class EvidenceText {
 public:
  explicit EvidenceText(std::string_view text);

  // The passage of at most 120 words that has most of the event; nothing when none has two of its
  // content words (or the only one).
  std::optional<Passage> best_passage(std::string_view event) const;
  // The same passage, if it has enough of the event to show it.
  std::optional<Passage> find(std::string_view event) const;

 private:
  struct PlacedStem {
    std::string stem;
    std::size_t begin;
    std::size_t end;
  };
  std::vector<PlacedStem> words_;
};

// The share of a plan's key events that the text shows; nothing when the plan has none with content
// words.
std::optional<double> told_share(const EvidenceText& text, const ScenePlan& plan);

// The passage that shows the plan's last event. If one is found, the text has the story's end.
std::optional<Passage> find_last_event(std::string_view text, std::span<const ScenePlan> outline);

}  // namespace fabula::story
