// The positions of quotes in a text, even if a model has typed them differently.
#include "shared/dossier/extract/quotes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace fabula;

namespace {

struct Retyped {
  std::string_view text;
  std::string_view quote;
  std::string_view found;  // "": nowhere
};

std::string_view found_in(std::string_view text, std::string_view quote) {
  const auto found = dossier::find_quote(text, quote);
  return found ? text.substr(found->begin, found->end - found->begin) : std::string_view();
}

}  // namespace

TEST_CASE("a quote is found however its marks were typed, and its span is the text's own bytes") {
  const std::vector<Retyped> cases = {
      // Stops.
      {"Ода… Ода устала… очень.", "Ода устала... очень.", "Ода устала… очень."},
      {"她累了……真的。", "她累了...真的。", "她累了……真的。"},
      {"He was . . . late.", "He was… late.", "He was . . . late."},
      // Dashes, with spaces and without.
      {"Пелл — перевозчик — стар.", "Пелл - перевозчик - стар", "Пелл — перевозчик — стар"},
      {"Pell--the ferryman--is old", "Pell – the ferryman – is old", "Pell--the ferryman--is old"},
      {"她说——不行", "她说—不行", "她说——不行"},
      // Quotation marks.
      {"Il dit « oui » et part.", "Il dit \"oui\" et part.", "Il dit « oui » et part."},
      {"Er sagte: „Ja“ und ging.", "Er sagte: 'Ja' und ging.", "Er sagte: „Ja“ und ging."},
      {"彼女は「海へ」と言った", "彼女は“海へ”と言った", "彼女は「海へ」と言った"},
      {"Она сказала: «Да».", "Она сказала: \"Да\".", "Она сказала: «Да»."},
      {"``No,'' he said", "\"No,\" he said", "``No,'' he said"},
      // Spaces.
      {"Où vas-tu\u00A0?", "Où vas-tu?", "Où vas-tu\u00A0?"},
      {"他有 3 把刀", "他有3把刀", "他有 3 把刀"},
      {"彼女は\n帰った", "彼女は帰った", "彼女は\n帰った"},
      {"그는  칼을\n들었다", "그는 칼을 들었다", "그는  칼을\n들었다"},
      // Ligatures.
      {"The o\uFB03ce of Ann", "The office of Ann", "The o\uFB03ce of Ann"},
      {"Sa sœur Anne", "Sa soeur Anne", "Sa sœur Anne"},
      // Words parted at a line's end.
      {"der Leucht-\nturm steht", "der Leuchtturm steht", "der Leucht-\nturm steht"},
      {"der Leucht\u00ADturm", "der Leuchtturm", "der Leucht\u00ADturm"},
      {"she was well-\nknown here", "she was well-known here", "she was well-\nknown here"},
      // Markdown.
      {"Она *не* ребёнок", "Она не ребёнок", "Она *не* ребёнок"},
      {"> He left.\n> She stayed.", "He left. She stayed.", "He left.\n> She stayed."},
      {"Es war **sehr** _kalt_.", "Es war sehr kalt.", "Es war **sehr** _kalt_."},
      // A sentence that continues.
      {"Vera keeps the light, and Tom sleeps.", "Vera keeps the light.", "Vera keeps the light"},
      {"Vera keeps the light, and", "\"Vera keeps the light\"", "Vera keeps the light"},
      // Whole words first.
      {"Mandy is an aunt", "an", "an"},
      {"Mandy—an aunt", "an", "an"},
  };
  for (const auto& [text, quote, found] : cases) {
    CAPTURE(quote);
    CHECK(found_in(text, quote) == found);
  }
}

TEST_CASE("what the text does not say is not found") {
  const std::vector<Retyped> cases = {
      {"Oda is thirty-four.", "Oda is thirty-five.", ""},
      {"She was not a child.", "She was a child.", ""},
      {"Er kam nicht.", "Er kam.", ""},
      {"王芳三十岁。", "王芳四十岁。", ""},
      {"He is 34.", "He is 35", ""},
      {"the light house", "the lighthouse", ""},
      {"a.", "...", ""},
      {"a * b", "* _", ""},
      {"a", "", ""},
  };
  for (const auto& [text, quote, found] : cases) {
    CAPTURE(quote);
    CHECK(found_in(text, quote) == found);
  }
}
