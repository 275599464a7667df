#include "shared/story/talk.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "shared/story/talk_phrases.hpp"
#include "shared/story/words.hpp"

namespace fabula::story {
namespace {

// No sentence of a model's talk is longer, so sentences are read only to this length.
constexpr std::size_t kMaximumSentenceBytes = 500;

template <std::size_t n>
bool has_one_of(const std::array<std::string_view, n>& phrases, std::string_view text) {
  return std::any_of(phrases.begin(), phrases.end(), [text](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

template <std::size_t n>
std::size_t affirmed_bytes(const std::array<std::string_view, n>& phrases, std::string_view text) {
  std::size_t longest = 0;
  for (const auto phrase : phrases) {
    if (text.starts_with(phrase)) longest = std::max(longest, phrase.size());
  }
  return longest;
}

// Whether the text ends with one of these words, or with such a word and its number ("chapter 3").
template <std::size_t n>
bool ends_with_one_of(const std::array<std::string_view, n>& phrases, std::string_view text) {
  const auto ends = [&phrases](std::string_view end) {
    return std::any_of(phrases.begin(), phrases.end(),
                       [end](std::string_view phrase) { return end.ends_with(phrase); });
  };
  if (ends(text)) return true;
  const auto last = text.find_last_of(' ', text.size() - 2);
  if (last == std::string_view::npos || last == 0) return false;
  const auto word = text.substr(last + 1, text.size() - last - 2);
  const bool is_number =
      word.size() <= 4 && word.find_first_not_of("0123456789ivx") == std::string_view::npos;
  return is_number && ends(text.substr(0, last + 1));
}

char last_character(std::string_view sentence) {
  const auto last = sentence.find_last_not_of(" *_\t\r");
  return last == std::string_view::npos ? ' ' : sentence[last];
}

// Removes a model's announcements ("I've written", "let me"), whose first person is not a
// narrator's.
std::string without_announcements(std::string text) {
  for (const auto phrase : kAnnouncements) {
    for (auto at = text.find(phrase); at != std::string::npos; at = text.find(phrase)) {
      text.replace(at, phrase.size(), " ");
    }
  }
  return text;
}

}  // namespace

Talk opening_talk(std::string_view sentence) {
  if (sentence.size() > kMaximumSentenceBytes || begins_with_speech(sentence)) return Talk::none;
  const std::string phrase = as_phrase(sentence);
  if (phrase.size() < 2 || has_one_of(kSpeechVerbs, phrase)) return Talk::none;
  const auto affirmed = affirmed_bytes(kAffirmations, phrase);
  if (affirmed == phrase.size()) return Talk::affirmation;
  if (has_one_of(kModelsOfThemselves, phrase)) return Talk::certain;
  const bool announces = has_one_of(kAnnouncements, phrase);
  const bool names_work = has_one_of(kWorks, phrase);
  if (announces && (names_work || has_one_of(kStoryNouns, phrase))) {
    // "Sure! Here is the scene," without its end or quotation mark is no whole sentence.
    const char last = last_character(sentence);
    if (last != ':' && last != '.' && last != '!') return Talk::none;
    if (affirmed > 0) return Talk::certain;
    const bool is_narrated = has_one_of(kNarrators, without_announcements(phrase));
    // "Here is the story of how my father died:" may begin one.
    if (last == ':' && !is_narrated && (names_work || ends_with_one_of(kStoryNouns, phrase))) {
      return Talk::certain;
    }
    if (has_one_of(kModelWords, phrase)) return names_work ? Talk::certain : Talk::more;
    return is_narrated ? Talk::none : Talk::more;
  }
  return has_one_of(kModelWords, phrase) ? Talk::more : Talk::none;
}

Talk closing_talk(std::string_view sentence) {
  if (sentence.size() > kMaximumSentenceBytes || has_speech(sentence)) return Talk::none;
  const std::string phrase = as_phrase(sentence);
  if (has_one_of(kModelsOfThemselves, phrase)) return Talk::certain;
  const bool has_next_step = has_one_of(kNextSteps, phrase);
  const bool has_model_words = has_one_of(kModelWords, phrase);
  if (has_next_step && affirmed_bytes(kOffers, phrase) > 0) return Talk::certain;
  if ((has_next_step || has_one_of(kRemarked, phrase)) && affirmed_bytes(kRemarks, phrase) > 0) {
    return Talk::certain;
  }
  if (has_model_words && affirmed_bytes(kNotes, phrase) > 0) return Talk::certain;
  return has_model_words ? Talk::more : Talk::none;
}

bool is_refusal(std::string_view sentence) {
  if (sentence.size() > kMaximumSentenceBytes) return false;
  const bool is_unspaced = std::any_of(
      kUnspacedRefusals.begin(), kUnspacedRefusals.end(),
      [&](std::string_view words) { return sentence.find(words) != std::string_view::npos; });
  if (is_unspaced) return true;
  if (has_speech(sentence)) return false;
  const std::string phrase = as_phrase(sentence);
  if (has_one_of(kModelsOfThemselves, phrase)) return true;
  return has_one_of(kRefusals, phrase) && has_one_of(kRequests, phrase);
}

bool begins_with_speech(std::string_view line) {
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"\"", "“", "”", "„", "«", "»", "‹", "›", "「", "『", "‘", "'", "’", "—", "–", "―", "- "});
  const auto first = line.find_first_not_of(" \t*_");
  if (first == std::string_view::npos) return false;
  const auto begin = line.substr(first);
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [begin](std::string_view mark) { return begin.starts_with(mark); });
}

bool has_speech(std::string_view line) {
  constexpr auto kQuotes =
      std::to_array<std::string_view>({"\"", "“", "”", "„", "«", "»", "‹", "›", "「", "『", "‘"});
  const bool has_quote = std::any_of(
      kQuotes.begin(), kQuotes.end(),
      [line](std::string_view quote) { return line.find(quote) != std::string_view::npos; });
  return has_quote || begins_with_speech(line) ||
         has_one_of(kSpeechVerbs, as_phrase(line.substr(0, kMaximumSentenceBytes)));
}

}  // namespace fabula::story
