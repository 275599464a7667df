#include "shared/story/evidence.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "shared/story/words.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kPassageWords = 120;

struct EventWord {
  std::string stem;
  double weight = 1;
};

// The words of an event, each once. Names are on every page, so they prove little.
std::vector<EventWord> event_words(std::string_view event) {
  constexpr double kNameWeight = 0.4;
  constexpr std::size_t kMaximumEventBytes = 2000;
  constexpr std::size_t kMaximumEventWords = 60;
  std::vector<EventWord> words;
  std::string character_before;
  bool is_first = true;
  for (const auto& word : read_words(event.substr(0, kMaximumEventBytes))) {
    const bool begins = std::exchange(is_first, false);
    EventWord read;
    if (word.is_character) {
      // Pairs of characters replace words here.
      auto pair = std::exchange(character_before, word.folded);
      if (pair.empty()) continue;
      read.stem = pair + word.folded;
    } else {
      character_before.clear();
      if (is_common_word(word.folded)) continue;
      read.stem = stem_of(word.folded);
      if (word.is_capital && !begins) read.weight = kNameWeight;
    }
    const bool is_known = std::any_of(words.begin(), words.end(), [&read](const EventWord& other) {
      return other.stem == read.stem;
    });
    if (!is_known && words.size() < kMaximumEventWords) words.push_back(std::move(read));
  }
  return words;
}

}  // namespace

EvidenceText::EvidenceText(std::string_view text) {
  std::string character_before;
  std::size_t begin_before = 0;
  for (const auto& word : read_words(text)) {
    if (word.is_character) {
      auto pair = std::exchange(character_before, word.folded);
      const auto begin = std::exchange(begin_before, word.begin);
      if (!pair.empty()) words_.push_back({pair + word.folded, begin, word.end});
    } else {
      character_before.clear();
      words_.push_back({stem_of(word.folded), word.begin, word.end});
    }
  }
}

std::optional<Passage> EvidenceText::best_passage(std::string_view event) const {
  const auto wanted = event_words(event);
  if (wanted.empty()) return {};
  std::unordered_map<std::string_view, std::size_t> places;
  double whole = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    places.emplace(wanted[i].stem, i);
    whole += wanted[i].weight;
  }
  struct Hit {
    std::size_t word;
    std::size_t wanted;
  };
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto place = places.find(words_[i].stem);
    if (place != places.end()) hits.push_back({i, place->second});
  }
  std::vector<std::size_t> counts(wanted.size());
  std::size_t distinct = 0;
  double weight = 0;
  std::size_t first = 0;
  std::optional<Passage> best;
  for (std::size_t last = 0; last < hits.size(); ++last) {
    if (counts[hits[last].wanted]++ == 0) {
      weight += wanted[hits[last].wanted].weight;
      ++distinct;
    }
    const auto drops = [&] {
      return hits[last].word - hits[first].word >= kPassageWords ||
             (first < last && counts[hits[first].wanted] > 1);
    };
    for (; drops(); ++first) {
      if (--counts[hits[first].wanted] > 0) continue;
      weight -= wanted[hits[first].wanted].weight;
      --distinct;
    }
    // One word of many is no evidence.
    if (distinct < 2 && wanted.size() > 1) continue;
    const double share = weight / whole;
    if (best && share <= best->share + 1e-9) continue;
    best = Passage{words_[hits[first].word].begin, words_[hits[last].word].end, share};
  }
  return best;
}

std::optional<Passage> EvidenceText::find(std::string_view event) const {
  auto passage = best_passage(event);
  if (!passage || passage->share < kShown) return {};
  return passage;
}

std::optional<double> told_share(const EvidenceText& text, const ScenePlan& plan) {
  std::size_t count = 0;
  std::size_t told = 0;
  for (const auto& event : plan.key_events) {
    if (event_words(event).empty()) continue;
    ++count;
    told += text.find(event) ? 1 : 0;
  }
  if (count == 0) return {};
  return static_cast<double>(told) / static_cast<double>(count);
}

std::optional<Passage> find_last_event(std::string_view text, std::span<const ScenePlan> outline) {
  for (auto scene = outline.rbegin(); scene != outline.rend(); ++scene) {
    if (scene->key_events.empty()) continue;
    return EvidenceText(text).find(scene->key_events.back());
  }
  return {};
}

}  // namespace fabula::story
