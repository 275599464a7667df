#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

// From 0 to 20, then by tens.
constexpr auto kNumbers = std::to_array<std::string_view>(
    {"zero",     "one",     "two",     "three",     "four",     "five",     "six",
     "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
     "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
     "thirty",   "forty",   "fifty",   "sixty",     "seventy",  "eighty",   "ninety"});
constexpr auto kNumberIndex = text::make_word_index<kNumbers>();

// Words that add nothing to the field's name.
constexpr std::array<std::string_view, 1> kFillers = {
    "a an the is was has had with his her their year years yr yrs old aged age about around "
    "roughly approximately almost nearly eye eyes eyed hair haired colour color coloured "
    "colored"};
constexpr auto kFillerIndex = text::make_word_index<kFillers>();

struct Synonym {
  std::string_view word;
  std::string_view means;
};
constexpr std::array<Synonym, 4> kColours{
    {{"gray", "grey"}, {"blonde", "blond"}, {"brunette", "brown"}, {"ginger", "red"}}};
constexpr std::array<Synonym, 14> kGenders{{{"woman", "female"},
                                            {"girl", "female"},
                                            {"f", "female"},
                                            {"she", "female"},
                                            {"feminine", "female"},
                                            {"lady", "female"},
                                            {"she/her", "female"},
                                            {"man", "male"},
                                            {"boy", "male"},
                                            {"m", "male"},
                                            {"he", "male"},
                                            {"masculine", "male"},
                                            {"gentleman", "male"},
                                            {"he/him", "male"}}};
constexpr std::array<Synonym, 15> kLives{{{"yes", "alive"},
                                          {"true", "alive"},
                                          {"living", "alive"},
                                          {"lives", "alive"},
                                          {"still alive", "alive"},
                                          {"survived", "alive"},
                                          {"no", "dead"},
                                          {"false", "dead"},
                                          {"deceased", "dead"},
                                          {"died", "dead"},
                                          {"not alive", "dead"},
                                          {"killed", "dead"},
                                          {"murdered", "dead"},
                                          {"passed away", "dead"},
                                          {"late", "dead"}}};

template <std::size_t count>
std::string meaning(const std::array<Synonym, count>& synonyms, std::string_view text) {
  for (const auto& synonym : synonyms) {
    if (synonym.word == text) return std::string(synonym.means);
  }
  return std::string(text);
}

std::optional<std::uint64_t> number_named(std::string_view word) {
  std::optional<std::uint64_t> number;
  kNumberIndex.for_each_line_with(
      word, [&](std::size_t line) { number = line <= 20 ? line : 10 * (line - 18); });
  return number;
}

// Takes folded text; hyphens and stops separate words too.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBetween = " -.,;:!?\"()[]";
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(kBetween, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBetween, end);
  }
  return words;
}

// "thirty four" and "thirty-four" are 34, "one hundred and two" is 102.
std::string with_digits(const std::vector<std::string_view>& words) {
  std::string text;
  const auto append = [&text](std::string_view word) {
    if (!text.empty()) text += ' ';
    text.append(word);
  };
  for (std::size_t i = 0; i < words.size();) {
    if (!number_named(words[i])) {
      append(words[i++]);
      continue;
    }
    std::uint64_t value = 0;
    bool is_tens = false;
    for (; i < words.size(); ++i) {
      const auto number = number_named(words[i]);
      if (number && (value % 100 == 0 || (is_tens && *number < 10))) {
        is_tens = *number >= 20;
        value += *number;
      } else if (words[i] == "hundred" && value > 0 && value < 10) {
        value *= 100;
      } else if (words[i] == "thousand" && value > 0 && value < 1000) {
        value *= 1000;
      } else if (words[i] == "and" && value >= 100 && i + 1 < words.size() &&
                 number_named(words[i + 1])) {
        continue;
      } else {
        break;
      }
    }
    append(text::integer_text(static_cast<std::int64_t>(value)));
  }
  return text;
}

bool is_filler(std::string_view word) { return kFillerIndex.has(word); }

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) {
    if (!text.empty()) text += ' ';
    text.append(word);
  }
  return text;
}

}  // namespace

std::string comparable(Comparison comparison, std::string_view value) {
  std::string folded = fold(value);
  if (comparison == Comparison::folded) return folded;
  auto words = words_of(folded);
  if (words.empty()) return folded;
  if (comparison == Comparison::words) return joined(words);
  const bool is_only_fillers = std::all_of(words.begin(), words.end(), is_filler);
  if (!is_only_fillers)
    words.erase(std::remove_if(words.begin(), words.end(), is_filler), words.end());
  switch (comparison) {
    case Comparison::number:
      return with_digits(words);
    case Comparison::gender:
      return meaning(kGenders, joined(words));
    case Comparison::life:
      return meaning(kLives, joined(words));
    case Comparison::colours: {
      std::string colours;
      for (const auto word : words) {
        if (!colours.empty()) colours += ' ';
        colours += meaning(kColours, word);
      }
      return colours;
    }
    default:
      return joined(words);
  }
}

}  // namespace fabula::dossier
