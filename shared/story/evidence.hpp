// Which passage of a text shows an event of the plan. Told by words: what the event names must
// stand close together in the text, in any of their forms. No model is asked, so a passage in quite
// other words is not found: that something is missing is a reason to look, no proof.
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
  // The weighted share of the event's content words that stand here: 0 to 1.
  double share = 0;
};

// An event is shown by a passage with this share of its words.
inline constexpr double kShown = 0.5;

// A text whose words are looked up more than once.
class EvidenceText {
 public:
  explicit EvidenceText(std::string_view text);

  // The passage of at most 120 words that has most of the event; nothing when none has two content
  // words of it (or the only one).
  std::optional<Passage> best_passage(std::string_view event) const;
  // The same, if it is enough to show the event.
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

// The passage that shows the plan's last event. The story's end is there if this finds one.
std::optional<Passage> find_last_event(std::string_view text, std::span<const ScenePlan> outline);

}  // namespace fabula::story
