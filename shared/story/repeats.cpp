#include "shared/story/repeats.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "shared/story/words.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kRunWords = 8;
constexpr std::size_t kRunCharacters = 16;
// One repeated sentence in a short text is a refrain.
constexpr std::size_t kFewestRepeatedRuns = 8;
constexpr std::size_t kMaximumExampleBytes = 200;

std::uint64_t hash_of(std::string_view word) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

std::vector<std::uint64_t> runs_of(const std::vector<Word>& words, std::size_t length) {
  std::vector<std::uint64_t> runs;
  if (words.size() < length) return runs;
  std::vector<std::uint64_t> hashes;
  hashes.reserve(words.size());
  for (const auto& word : words) hashes.push_back(hash_of(word.folded));
  runs.reserve(words.size() - length + 1);
  for (std::size_t i = 0; i + length <= words.size(); ++i) {
    std::uint64_t hash = 0x9E3779B97F4A7C15U;
    for (std::size_t k = 0; k < length; ++k) hash = (hash ^ hashes[i + k]) * 0x9FB21C651E98DF25U;
    runs.push_back(hash ^ (hash >> 31U));
  }
  return runs;
}

bool is_spaced(const std::vector<Word>& words) {
  const auto characters =
      std::count_if(words.begin(), words.end(), [](const Word& word) { return word.is_character; });
  return static_cast<std::size_t>(characters) * 2 <= words.size();
}

struct Paragraph {
  std::string_view text;
  std::uint64_t hash = 0;
};

// Paragraphs with more than kFewestParagraphWords words. Each line is one: models do not write
// prose with broken lines.
std::vector<Paragraph> paragraphs_of(std::string_view text) {
  std::vector<Paragraph> paragraphs;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto words = read_words(line);
    const auto fewest = is_spaced(words) ? kFewestParagraphWords : kFewestParagraphWords * 2;
    if (words.size() <= fewest) continue;
    std::uint64_t hash = 0;
    for (const auto& word : words) hash = (hash ^ hash_of(word.folded)) * 0x9FB21C651E98DF25U;
    paragraphs.push_back({line, hash});
  }
  return paragraphs;
}

// Marks the words in repeated runs, and returns the longest passage of them.
std::string_view longest_passage(std::string_view text, const std::vector<Word>& words,
                                 const std::vector<bool>& is_repeated, std::size_t length) {
  std::size_t best_begin = 0;
  std::size_t best_end = 0;
  for (std::size_t i = 0; i < is_repeated.size();) {
    if (!is_repeated[i]) {
      ++i;
      continue;
    }
    const auto begin = i;
    while (i < is_repeated.size() && is_repeated[i]) ++i;
    if (i - begin > best_end - best_begin) {
      best_begin = begin;
      best_end = i;
    }
  }
  if (best_end == best_begin) return {};
  const auto begin = words[best_begin].begin;
  const auto passage = text.substr(begin, words[best_end - 1 + length - 1].end - begin);
  return text::prefix_bytes(passage, kMaximumExampleBytes);
}

}  // namespace

Repeats find_repeats(std::string_view text, std::span<const std::string_view> earlier) {
  Repeats repeats;
  const auto words = read_words(text);
  const auto length = is_spaced(words) ? kRunWords : kRunCharacters;
  const auto runs = runs_of(words, length);
  std::unordered_set<std::uint64_t> seen_runs;
  std::unordered_set<std::uint64_t> seen_paragraphs;
  for (const auto other : earlier) {
    for (const auto run : runs_of(read_words(other), length)) seen_runs.insert(run);
    for (const auto& paragraph : paragraphs_of(other)) seen_paragraphs.insert(paragraph.hash);
  }
  std::vector<bool> is_repeated(runs.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (seen_runs.find(runs[i]) == seen_runs.end()) continue;
    is_repeated[i] = true;
    ++count;
  }
  if (count >= kFewestRepeatedRuns) {
    repeats.share = static_cast<double>(count) / static_cast<double>(runs.size());
    repeats.example = longest_passage(text, words, is_repeated, length);
  }
  for (const auto& paragraph : paragraphs_of(text)) {
    if (!seen_paragraphs.insert(paragraph.hash).second)
      repeats.paragraphs.push_back(paragraph.text);
  }
  return repeats;
}

}  // namespace fabula::story
