#include "shared/story/prose_lines.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "shared/dossier/import/heading_lines.hpp"
#include "shared/story/placeholder.hpp"
#include "shared/story/words.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kMaximumHeadingBytes = 200;
constexpr std::size_t kMaximumMarkBytes = 120;

constexpr auto kHeadingWords = std::to_array<std::string_view>(
    {" scene ", " chapter ", " part ", " szene ", " kapitel ", " teil ", " chapitre ", " partie ",
     " escena ", " capitulo ", " parte ", " scena ", " capitolo ", " cena "});
constexpr auto kTitleWords = std::to_array<std::string_view>(
    {" title ", " titel ", " titre ", " titulo ", " titolo ", " scene title ", " chapter title "});

bool is_emphasis(char c) { return c == '*' || c == '_'; }

std::string_view without_emphasis(std::string_view line) {
  while (line.size() >= 2 && is_emphasis(line.front()) && line.front() == line.back()) {
    line = text::trim(line.substr(1, line.size() - 2));
  }
  return line;
}

bool ends_as_sentence(std::string_view line) {
  constexpr auto kEnds = std::to_array<std::string_view>(
      {".", "!", "?", ",", ";", "…", "\"", "”", "“", "»", "。", "！", "？", "」"});
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [line](std::string_view end) { return line.ends_with(end); });
}

template <std::size_t n>
bool begins_with_one_of(const std::array<std::string_view, n>& words, std::string_view phrase) {
  return std::any_of(words.begin(), words.end(),
                     [phrase](std::string_view word) { return phrase.starts_with(word); });
}

bool is_title(const std::string& phrase, std::string_view title) {
  return !title.empty() && title.size() <= kMaximumHeadingBytes && phrase.size() > 2 &&
         phrase == as_phrase(title);
}

bool has_bracket(std::string_view line) {
  return (line.starts_with('[') && line.ends_with(']')) ||
         (line.starts_with('(') && line.ends_with(')'));
}

bool is_length(const std::string& phrase) {
  constexpr auto kLengthWords = std::to_array<std::string_view>(
      {"word",       "count",  "words",    "wordcount", "total",   "approximately", "approx",
       "about",      "around", "roughly",  "ca",        "circa",   "worter",        "wortzahl",
       "wortanzahl", "mots",   "nombre",   "de",        "environ", "palabras",      "recuento",
       "numero",     "parole", "palavras", "anzahl"});
  constexpr auto kUnits = std::to_array<std::string_view>(
      {" words ", " word count ", " wordcount ", " worter ", " wortzahl ", " wortanzahl ", " mots ",
       " palabras ", " parole ", " palavras "});
  bool has_number = false;
  for (std::size_t begin = 1; begin < phrase.size();) {
    const auto end = phrase.find(' ', begin);
    const auto word = std::string_view(phrase).substr(begin, end - begin);
    begin = end + 1;
    if (std::all_of(word.begin(), word.end(), &text::is_digit)) {
      has_number = true;
    } else if (std::find(kLengthWords.begin(), kLengthWords.end(), word) == kLengthWords.end()) {
      return false;
    }
  }
  return has_number && std::any_of(kUnits.begin(), kUnits.end(), [&](std::string_view unit) {
           return phrase.find(unit) != std::string::npos;
         });
}

}  // namespace

bool is_fence(std::string_view line) {
  constexpr std::size_t kMaximumFenceBytes = 24;
  if (line.size() > kMaximumFenceBytes) return false;
  if (!line.starts_with("```") && !line.starts_with("~~~")) return false;
  const auto info = line.find_first_not_of("`~");
  return info == std::string_view::npos ||
         std::all_of(line.begin() + static_cast<std::ptrdiff_t>(info), line.end(),
                     [](char c) { return text::is_alphanumeric(c) || c == '-' || c == ' '; });
}

bool is_prose_heading(std::string_view line, const ProseTitles& titles) {
  if (line.empty() || line.size() > kMaximumHeadingBytes) return false;
  const auto hashes = std::min(line.find_first_not_of('#'), line.size());
  constexpr std::size_t kMostHashes = 6;
  const bool is_marked =
      hashes > 0 && hashes <= kMostHashes && hashes < line.size() && line[hashes] == ' ';
  if (is_marked) return true;
  line = without_emphasis(line);
  while (line.ends_with(':')) line.remove_suffix(1);
  line = without_emphasis(line);
  if (line.empty() || ends_as_sentence(line)) return false;
  const auto phrase = as_phrase(line);
  if (is_title(phrase, titles.scene) || is_title(phrase, titles.chapter) ||
      is_title(phrase, titles.story)) {
    return true;
  }
  if (begins_with_one_of(kTitleWords, phrase) && line.find(':') != std::string_view::npos) {
    return true;
  }
  if (begins_with_one_of(kHeadingWords, phrase)) {
    return is_numbered_only(line) || without_number(line).size() < line.size();
  }
  static const dossier::HeadingLines kHeadingLines;
  return kHeadingLines.is_chapter(line, false);
}

bool is_end_mark(std::string_view line) {
  if (line.empty() || line.size() > kMaximumMarkBytes) return false;
  line = without_emphasis(line);
  line = text::trim(line);
  const bool is_bracketed = has_bracket(line);
  const auto phrase = as_phrase(line);
  if (is_length(phrase)) return true;
  if (is_bracketed && (phrase == " to be continued " || phrase == " fortsetzung folgt " ||
                       phrase == " a suivre " || phrase == " continuara ")) {
    return true;
  }
  constexpr auto kEnds = std::to_array<std::string_view>(
      {" end of scene ",    " end of the scene ", " end of chapter ",    " end of the chapter ",
       " end of part ",     " end of excerpt ",   " end scene ",         " scene ends ",
       " ende der szene ",  " ende von szene ",   " ende des kapitels ", " ende von kapitel ",
       " fin de la scene ", " fin de scene ",     " fin du chapitre ",   " fin de la escena ",
       " fin de escena ",   " fin del capitulo ", " fine della scena ",  " fim da cena "});
  constexpr auto kMostWords = 10;
  return begins_with_one_of(kEnds, phrase) && (is_bracketed || !ends_as_sentence(line)) &&
         std::count(phrase.begin(), phrase.end(), ' ') <= kMostWords;
}

}  // namespace fabula::story
