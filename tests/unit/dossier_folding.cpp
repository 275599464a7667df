#include "shared/dossier/log/folding.hpp"

#include <doctest/doctest.h>

#include "shared/text/utf8.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;
using dossier::fold;

TEST_CASE("case does not matter, in any script that has it") {
  CHECK(fold("MARA") == "mara");
  CHECK(fold("\u039F\u0394\u03A5\u03A3\u03A3\u0395\u03A5\u03A3") ==
        fold("\u039F\u03B4\u03C5\u03C3\u03C3\u03B5\u03CD\u03C2"));
  CHECK(fold("\u041D\u0410\u0422\u0410\u0428\u0410") == "\u043D\u0430\u0442\u0430\u0448\u0430");
  CHECK(fold("\u0531\u0580\u0561\u0574") == fold("\u0561\u0580\u0561\u0574"));
  CHECK(fold("\u1C90") == "\u10D0");
  CHECK(fold("\U00010400") == "\U00010428");
  CHECK(fold("STRASSE") == fold("Stra\u00DFe"));
  CHECK(fold("\u1E9E") == "ss");
}

TEST_CASE("the four letters i of Turkish are one") {
  CHECK(fold("I\u015EIK") == fold("\u0131\u015F\u0131k"));
  CHECK(fold("\u0130zmir") == "izmir");
  CHECK(fold("IZMIR") == "izmir");
}

TEST_CASE("accents of Latin and Greek letters go, composed or not") {
  CHECK(fold("Bront\u00EB") == "bronte");
  CHECK(fold("Bronte\u0308") == "bronte");
  CHECK(fold("\u00C5se") == "ase");
  CHECK(fold("\u0141ukasz S\u00F8ren \u00C6lfred") == "lukasz soren aelfred");
  CHECK(fold("Nguy\u1EC5n") == "nguyen");
  CHECK(fold("\u1F08\u03C7\u03B9\u03BB\u03BB\u03B5\u03CD\u03C2") ==
        fold("\u03B1\u03C7\u03B9\u03BB\u03BB\u03B5\u03C5\u03C3"));
}

TEST_CASE("marks that make another letter stay") {
  CHECK(fold("\u0439") == fold("\u0438\u0306"));
  CHECK(fold("\u0439") != fold("\u0438"));
  CHECK(fold("\u0451") == "\u0435");
  CHECK(fold("\u0430\u0301") == "\u0430");
  CHECK(fold("\u304C") == fold("\u304B\u3099"));
  CHECK(fold("\u304C") != fold("\u304B"));
  CHECK(fold("\u0928\u093F") != fold("\u0928"));
}

TEST_CASE("vowel points of Hebrew and Arabic go") {
  CHECK(fold("\u05E9\u05B8\u05C1\u05E8\u05B8\u05D4") == "\u05E9\u05E8\u05D4");
  CHECK(fold("\u0645\u064F\u062D\u064E\u0645\u0651\u064E\u062F") == "\u0645\u062D\u0645\u062F");
  CHECK(fold("\u0645\u0640\u062D\u0645\u062F") == "\u0645\u062D\u0645\u062F");
}

TEST_CASE("widths, ligatures and alphabets for show are plain letters") {
  CHECK(fold("\uFF2D\uFF41\uFF52\uFF41") == "mara");
  CHECK(fold("\uFB01nch") == "finch");
  CHECK(fold("\U0001D40C\U0001D41A\U0001D42B\U0001D41A") == "mara");
  CHECK(fold("\uFF76\uFF9E") == fold("\u30AC"));
  CHECK(fold("\uAE40") == fold("\u1100\u1175\u11B7"));
  CHECK(fold("\uFEE3\uFEA4\uFEE4\uFEAA") == fold("\u0645\u062D\u0645\u062F"));
}

TEST_CASE("quotes, dashes and spaces are of one kind each") {
  CHECK(fold("O\u2019Hara") == "o'hara");
  CHECK(fold("O\u02BCHara") == "o'hara");
  CHECK(fold("\u201CRob Roy\u201D") == "\"rob roy\"");
  CHECK(fold("Jean\u2010Paul") == "jean-paul");
  CHECK(fold("  Mara\u00A0\t\n Vane \u3000") == "mara vane");
  CHECK(fold("Ma\u200Bra\uFEFF\u00AD") == "mara");
  CHECK(fold("") == "");
}

TEST_CASE("any bytes fold to valid UTF-8 that folds to itself") {
  CHECK(fold("\xFF") == "\uFFFD");
  tests::Mutations mutations({"Mara Vane", "\u0130\u0131\u1E9E\u01C4", "\uAC00\uD7A3 \uFEFB",
                              "e\u0301\u0308 \u0439\u0306", "\U0001D400\U0001F600"});
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto folded = fold(mutations.next());
    REQUIRE(text::is_valid_utf8(folded));
    REQUIRE(fold(folded) == folded);
  }
}
