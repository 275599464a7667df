#include "shared/story/placeholder.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::story {
namespace {

// Folded, words separated by one space, # for a number (or a letter that counts).
constexpr auto kPlaceholders = std::to_array<std::string_view>({
    "tbd",
    "tba",
    "todo",
    "to do",
    "to be determined",
    "to be decided",
    "to be written",
    "xxx",
    "placeholder",
    "string",
    "text",
    "example",
    "title",
    "name",
    "description",
    "summary",
    "event",
    "key event",
    "narration",
    "image prompt",
    "title here",
    "name here",
    "description here",
    "your title",
    "your title here",
    "the title",
    "short title",
    "scene title",
    "scene # title",
    "scene title #",
    "scene title here",
    "title of scene",
    "title of the scene",
    "title of scene #",
    "title of this scene",
    "scene name",
    "scene description",
    "scene # description",
    "description of scene",
    "description of the scene",
    "description of scene #",
    "description of what happens",
    "brief description",
    "short description",
    "detailed description",
    "brief description of the scene",
    "a brief description of the scene",
    "brief description of scene",
    "scene summary",
    "what happens",
    "what happens in the scene",
    "what happens in this scene",
    "character",
    "character #",
    "character name",
    "character name #",
    "character # name",
    "name of character",
    "name of the character",
    "name #",
    "event #",
    "key event #",
    "key event # description",
    "first event",
    "first key event",
    "second event",
    "second key event",
    "plot point",
    "plot point #",
    "idea",
    "idea #",
    "idea title",
    "title of the idea",
    "chapter title",
    "chapter # title",
    "title of the chapter",
    "chapter description",
    "description of the chapter",
    "chapter name",
    "lorem ipsum",
    "lorem ipsum dolor sit amet",
    "persona",
    "setting",
    "story setting",
    // de
    "titel",
    "titel der szene",
    "szenentitel",
    "szenentitel #",
    "beschreibung",
    "beschreibung der szene",
    "kurze beschreibung",
    "figur #",
    "charakter #",
    "person #",
    "ereignis #",
    "schlusselereignis #",
    "titel des kapitels",
    "kapiteltitel",
    "folgt",
    "name der figur",
    // fr
    "titre",
    "titre de la scene",
    "titre du chapitre",
    "description de la scene",
    "personnage #",
    "evenement #",
    "evenement cle #",
    "a determiner",
    "a definir",
    "nom du personnage",
    // es
    "titulo",
    "titulo de la escena",
    "titulo del capitulo",
    "descripcion",
    "descripcion de la escena",
    "personaje #",
    "evento #",
    "evento clave #",
    "por determinar",
    "por definir",
    "nombre del personaje",
    // it, pt
    "titolo della scena",
    "descrizione della scena",
    "personaggio #",
    "da definire",
    "titulo da cena",
    "descricao da cena",
    "personagem #",
    "a definir",
});

constexpr auto kNothings = std::to_array<std::string_view>(
    {"", "none", "na", "n a", "null", "nil", "nobody", "keine", "aucun", "ninguno", "unknown"});

constexpr auto kDivisions = std::to_array<std::string_view>(
    {"scene", "chapter", "part", "szene", "kapitel", "teil", "chapitre", "partie", "escena",
     "capitulo", "parte", "scena", "capitolo", "cena"});

bool is_count(std::string_view word) {
  constexpr auto kCounts = std::to_array<std::string_view>(
      {"a", "b",  "c",   "x",    "y",  "n",    "one",  "two", "three", "i",     "ii",   "iii", "iv",
       "v", "vi", "vii", "viii", "ix", "four", "five", "six", "seven", "eight", "nine", "ten"});
  return std::all_of(word.begin(), word.end(), &text::is_digit) ||
         std::find(kCounts.begin(), kCounts.end(), word) != kCounts.end();
}

// In the form of the tables. Longer texts are no placeholders, and are not read to their end.
std::string as_words(std::string_view text) {
  constexpr std::size_t kMaximumBytes = 120;
  if (text.size() > kMaximumBytes) return std::string(text);
  const auto folded = dossier::fold(text);
  std::string words;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    if (!words.empty()) words.push_back(' ');
    // The "a" in "A description" is not a number.
    const bool counts = is_count(word) && !(words.empty() && word == "a");
    words += counts ? "#" : word;
    word.clear();
  };
  for (const char c : folded) {
    if (text::is_alphanumeric(c) || (static_cast<unsigned char>(c) & 0x80U) != 0) {
      word.push_back(c);
    } else {
      end_word();
    }
  }
  end_word();
  return words;
}

template <std::size_t n>
bool is_one_of(const std::array<std::string_view, n>& list, std::string_view words) {
  return std::find(list.begin(), list.end(), words) != list.end();
}

bool is_bracketed(std::string_view text) {
  text = text::trim(text);
  constexpr std::size_t kMaximumBytes = 120;
  if (text.size() < 2 || text.size() > kMaximumBytes) return false;
  const char first = text.front();
  const char last = text.back();
  return (first == '<' && last == '>') || (first == '[' && last == ']') ||
         (first == '{' && last == '}');
}

}  // namespace

bool is_nothing(std::string_view text) {
  constexpr std::size_t kMaximumBytes = 24;
  if (text.size() > kMaximumBytes) return false;
  const auto words = as_words(text);
  // "???" and "—" have no word; "…" folds to three dots.
  return is_one_of(kNothings, words) || text::equal_ignoring_case(text::trim(text), "n/a");
}

bool is_placeholder(std::string_view text) {
  return is_nothing(text) || is_bracketed(text) || is_one_of(kPlaceholders, as_words(text)) ||
         text.find("orem ipsum") != std::string_view::npos;
}

bool is_numbered_only(std::string_view text) {
  const auto words = as_words(text);
  if (words == "#") return true;
  const auto space = words.find(' ');
  return is_one_of(kDivisions, std::string_view(words).substr(0, space)) &&
         (space == std::string::npos || words.substr(space) == " #");
}

std::string_view without_number(std::string_view title) {
  const auto end = title.find_first_of(":.)|");
  auto before = title.substr(0, end);
  std::size_t separator = 1;
  if (end == std::string_view::npos) {
    for (const std::string_view dash : {" – ", " — ", " - "}) {
      if (const auto at = title.find(dash); at != std::string_view::npos) {
        before = title.substr(0, at);
        separator = dash.size();
        break;
      }
    }
  }
  if (before.size() == title.size() || !is_numbered_only(before)) return title;
  const auto rest = text::trim(title.substr(before.size() + separator));
  return rest.empty() ? title : rest;
}

}  // namespace fabula::story
