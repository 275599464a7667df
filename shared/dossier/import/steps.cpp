#include <algorithm>
#include <array>

#include "shared/dossier/import/text.hpp"

namespace fabula::dossier {
namespace {

// A shorter chapter shares a step with its neighbours: notes have many with only a few lines.
constexpr std::size_t kShortChapterBytes = 600;

bool is_white(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Closing marks that belong to the sentence before them.
std::string_view without_closing_marks(std::string_view text) {
  constexpr std::array<std::string_view, 9> kClosing{"\"", "'", ")",  "]", "”",
                                                     "’",  "»", "」", "』"};
  for (bool is_found = true; is_found;) {
    is_found = false;
    for (const auto mark : kClosing) {
      if (ends_with(text, mark)) {
        text.remove_suffix(mark.size());
        is_found = true;
      }
    }
  }
  return text;
}

// The rank of `at` as a place to cut, 0 the best: after a paragraph, a line, a sentence, a word, a
// character.
constexpr int kWorstRank = 4;
constexpr int kNoPlace = kWorstRank + 1;

int rank_of(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  if (is_continuation(text[at])) return kNoPlace;
  const std::string_view before = text.substr(0, at);
  if (ends_with(before, "\n\n")) return 0;
  if (ends_with(before, "\n")) return 1;
  const auto sentence = [](std::string_view words, const auto& ends) {
    words = without_closing_marks(words);
    return std::any_of(ends.begin(), ends.end(),
                       [words](std::string_view end) { return ends_with(words, end); });
  };
  constexpr std::array<std::string_view, 5> kSpacedEnds{".", "!", "?", "…", "।"};
  constexpr std::array<std::string_view, 4> kEnds{"。", "！", "？", "．"};
  if (is_white(text[at])) return kNoPlace;  // the space belongs to the text before it
  if (ends_with(before, " ")) {
    return sentence(before.substr(0, before.size() - 1), kSpacedEnds) ? 2 : kWorstRank - 1;
  }
  // A closing mark after this position also belongs to the sentence.
  const auto after = text.substr(at, 3);
  const bool is_closing = after == "」" || after == "』" || after == "”" || after == "’";
  if (!is_closing && sentence(before, kEnds)) return 2;
  return kWorstRank;
}

std::size_t length(const ImportChapter& chapter) { return chapter.end - chapter.begin; }

// Combines consecutive whole chapters into one step while they are short, or, if `all`, while they
// fit; divides longer ones.
std::vector<ImportStep> steps_of(std::string_view text, const std::vector<ImportChapter>& chapters,
                                 bool all) {
  std::vector<ImportStep> steps;
  bool is_open = false;  // the last step may be extended
  for (std::size_t i = 0; i < chapters.size(); ++i) {
    const auto& chapter = chapters[i];
    const bool is_short = all || length(chapter) < kShortChapterBytes;
    if (is_open && is_short && chapter.end - steps.back().begin <= kMaximumStepBytes) {
      steps.back().end = chapter.end;
      continue;
    }
    is_open = is_short;
    auto begin = chapter.begin;
    while (begin < chapter.end) {
      auto end = chapter.end;
      if (end - begin > kMaximumStepBytes) end = import_cut(text, begin, end, kMaximumStepBytes);
      ImportStep step{i, begin, end};
      trim_span(text, step.begin, step.end);
      if (step.begin < step.end) steps.push_back(step);
      begin = end;
    }
    is_open = is_open && !steps.empty() && length(chapter) <= kMaximumStepBytes;
  }
  return steps;
}

}  // namespace

void trim_span(std::string_view text, std::size_t& begin, std::size_t& end) {
  while (begin < end && is_white(text[begin])) ++begin;
  while (end > begin && is_white(text[end - 1])) --end;
}

std::size_t import_cut(std::string_view text, std::size_t begin, std::size_t end,
                       std::size_t maximum) {
  const auto size = end - begin;
  const auto parts = (size + maximum - 1) / maximum;
  const auto target = begin + size / parts;
  const auto first = begin + size / parts * 3 / 4;
  const auto last = begin + maximum;
  auto best = begin;
  int best_rank = kNoPlace;
  const auto distance = [target](std::size_t at) {
    return at < target ? target - at : at - target;
  };
  for (auto at = first; at <= last; ++at) {
    const int rank = rank_of(text, at);
    if (rank < best_rank || (rank == best_rank && distance(at) < distance(best))) {
      best = at;
      best_rank = rank;
    }
  }
  // White space at the ends is trimmed, so it may be cut anywhere.
  return best_rank == kNoPlace ? last : best;
}

std::vector<ImportStep> import_steps(std::string_view text,
                                     const std::vector<ImportChapter>& chapters) {
  auto steps = steps_of(text, chapters, false);
  if (steps.size() > kMaximumImportSteps) steps = steps_of(text, chapters, true);
  return steps;
}

}  // namespace fabula::dossier
