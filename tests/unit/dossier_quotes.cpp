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
      {"Er sagte: \u201AJa\u2018 und ging.", "Er sagte: \"Ja\" und ging.",
       "Er sagte: \u201AJa\u2018 und ging."},
      {"\u275DJa\u275E, sagte Oda", "\"Ja\", sagte Oda", "\u275DJa\u275E, sagte Oda"},
      {"Oda sagte: \u203AJa\u2039.", "Oda sagte: 'Ja'.", "Oda sagte: \u203AJa\u2039."},
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
      {"der Leucht\u00AD\nturm steht", "der Leuchtturm steht", "der Leucht\u00AD\nturm steht"},
      {"перевоз\u00AD\r\nчик стар", "перевозчик стар", "перевоз\u00AD\r\nчик стар"},
      {"le porte-\nclefs de Mara", "le porte-clefs de Mara", "le porte-\nclefs de Mara"},
      // Narrow spaces, and those of full width.
      {"«\u202FOù vas-tu\u202F?\u202F»", "\"Où vas-tu ?\"", "«\u202FOù vas-tu\u202F?\u202F»"},
      {"第三章\u3000海の家", "第三章 海の家", "第三章\u3000海の家"},
      {"\u201ENein\u201C, sagte Oda", "»Nein«, sagte Oda", "\u201ENein\u201C, sagte Oda"},
      {"\u301D海へ\u301Fと言った", "「海へ」と言った", "\u301D海へ\u301Fと言った"},
      {"그는 『바다』를 읽었다", "그는 '바다'를 읽었다", "그는 『바다』를 읽었다"},
      {"〈왕〉이라 불렸다", "\"왕\"이라 불렸다", "〈왕〉이라 불렸다"},
      {"\u2014Sí \u2014dijo Lucía\u2014, voy.", "-Sí -dijo Lucía-, voy.",
       "Sí \u2014dijo Lucía\u2014, voy."},
      {"彼は──泣いた", "彼は——泣いた", "彼は──泣いた"},
      {"10〜20歳の娘", "10～20歳の娘", "10〜20歳の娘"},
      {"彼は⋯⋯泣いた", "彼は…泣いた", "彼は⋯⋯泣いた"},
      {"Ｍａｒａは１９歳", "Maraは19歳", "Ｍａｒａは１９歳"},
      {"Ёж ёлку видел", "Еж елку видел", "Ёж ёлку видел"},
      {"за\u0301мок Оды", "замок Оды", "за\u0301мок Оды"},
      {"die Straße ist naß", "die Strasse ist nass", "die Straße ist naß"},
      {"l\u2019a\u0302me d\u2019Oda", "l'âme d'Oda", "l\u2019a\u0302me d\u2019Oda"},
      // Links of Markdown and of note-books.
      {"[Mara](people/mara.md) is old", "Mara is old", "Mara](people/mara.md) is old"},
      {"[[People/Мара|Мара]] — кузнец.", "Мара - кузнец.", "Мара]] — кузнец."},
      {"[[林若曦]]三十岁。", "林若曦三十岁。", "林若曦]]三十岁。"},
      {"~~Oda~~ Pell is sixty", "Pell is sixty", "Pell is sixty"},
      // A sentence that goes on.
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
      {"[Mara](people/oda.md) is old", "oda is old", ""},
      {"[[Oda|Mara]] is old", "Oda", ""},
      {"Elle a dit oui.", "Elle a dit non.", ""},
      {"그는 칼을 들었다", "그는 칼을 놓았다", ""},
      {"a", "", ""},
  };
  for (const auto& [text, quote, found] : cases) {
    CAPTURE(quote);
    CHECK(found_in(text, quote) == found);
  }
}
