#include "shared/dossier/identity/names.hpp"

#include <doctest/doctest.h>

#include "shared/dossier/identity/shown_name.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;
using namespace fabula::dossier;

using Words = std::vector<std::string>;

TEST_CASE("titles are no part of a name, and say of what sex somebody is") {
  const auto darcy = parse_name("Mr. Darcy");
  CHECK(darcy.words == Words{"darcy"});
  CHECK(darcy.title == Title::mister);
  CHECK(darcy.gender == Gender::male);
  CHECK(parse_name("MISTER DARCY").key == darcy.key);
  CHECK(parse_name("Lady Catherine de Bourgh").words == Words{"catherine", "de bourgh"});
  CHECK(parse_name("Lady Catherine").gender == Gender::female);
  CHECK(parse_name("Dr. Grant").gender == Gender::unknown);
  CHECK(parse_name("Rev. Dr. Eager").title == Title::learned);
  CHECK(parse_name("Mr.Darcy").words == Words{"darcy"});
}

TEST_CASE("epithets, articles and owners are no part of a name") {
  CHECK(parse_name("poor dear Jane").words == Words{"jane"});
  CHECK(parse_name("the argumentative Mr. Macey").key == parse_name("Mr. Macey").key);
  CHECK(parse_name("Old Daniel").is_old);
  CHECK(parse_name("young Linwood").is_young);
  CHECK(parse_name("Tom's Aunt Polly").words == Words{"polly"});
  CHECK(parse_name("\u201C Rob Roy \u201D").words == Words{"rob", "roy"});
  CHECK(parse_name("Mr. Waymarsh of Milrose").words == Words{"waymarsh"});
  CHECK(parse_name("Bill the Lizard").words == Words{"bill"});
}

TEST_CASE("who is described is not who is named in the description") {
  CHECK(parse_name("Tom's mother").kind == NameKind::description);
  CHECK(parse_name("the stranger").kind == NameKind::description);
  CHECK(parse_name("Captain and Mrs Ashburnham").kind == NameKind::group);
  CHECK(parse_name("Papa").kind == NameKind::role);
  CHECK(parse_name("the Doctor").kind == NameKind::role);
  CHECK(parse_name("the Queen of Hearts").kind == NameKind::role);
  CHECK(parse_name(" \u2014 ").kind == NameKind::nobody);
  CHECK(parse_name("").kind == NameKind::nobody);
}

TEST_CASE("small letters throughout are no epithets") {
  CHECK(parse_name("mara").words == Words{"mara"});
  CHECK(parse_name("mara vane").words == Words{"mara", "vane"});
  CHECK(parse_name("old tom").words == Words{"tom"});
}

TEST_CASE("the man's name after Mrs. is her husband's") {
  const auto mary = parse_name("Mrs Charles Musgrove");
  CHECK(mary.words == Words{"musgrove"});
  CHECK(mary.husband == "charles");
  CHECK(mary.gender == Gender::female);
  CHECK(parse_name("Mrs. Rachel Lynde").words == Words{"rachel", "lynde"});
}

TEST_CASE("numerals tell people of one name apart") {
  CHECK(parse_name("Charles II").numeral == 2);
  CHECK(parse_name("Edward the Second").numeral == 2);
  CHECK(parse_name("Edward the Second").words == Words{"edward"});
  CHECK(parse_name("Robert Holt, Jr.").numeral == 2);
  CHECK(parse_name("Robert Holt Esq.").words == Words{"robert", "holt"});
}

TEST_CASE("initials and particles") {
  CHECK(parse_name("J.R.R. Hart").words == Words{"j", "r", "r", "hart"});
  CHECK(parse_name("St. John Rivers").words == Words{"st john", "rivers"});
  CHECK(parse_name("Van Helsing").words == Words{"van helsing"});
  CHECK(parse_name("O\u2019Hara").words == Words{"o'hara"});
}

TEST_CASE("short forms are of the names they are short for") {
  const auto may_be = [](std::string_view a, std::string_view b) {
    return can_be_same_name(find_given_name(a), find_given_name(b));
  };
  CHECK(may_be("bess", "elizabeth"));
  CHECK(may_be("bess", "eliza"));
  CHECK(may_be("jack", "john"));
  CHECK(may_be("ned", "edmund"));
  CHECK(may_be("ned", "edward"));
  CHECK_FALSE(may_be("edmund", "edward"));
  CHECK_FALSE(may_be("mary", "maria"));
  CHECK_FALSE(may_be("zaphod", "zaphod"));
  CHECK(find_given_name("jane").gender == Gender::female);
  CHECK(find_given_name("philip").gender == Gender::male);
  CHECK(find_given_name("georgie").gender == Gender::unknown);
  CHECK_FALSE(find_given_name("").is_known);
  CHECK_FALSE(find_given_name("jane jennie").is_known);
}

TEST_CASE("the name to show is a whole one, as it is written most often") {
  const std::vector<std::string_view> surfaces = {
      "Lizzy", "Mrs. Vane", "Lizzy", "ELIZABETH VANE", "Elizabeth Vane", "Elizabeth Vane", "mamma"};
  CHECK(shown_names(surfaces) ==
        std::vector<std::string_view>{"Elizabeth Vane", "Lizzy", "Mrs. Vane", "mamma"});
  CHECK(shown_names({}).empty());
}

TEST_CASE("of two names of a person the one is shown that most texts use") {
  using Names = std::vector<std::string_view>;
  const auto shown = [](const Names& surfaces) { return shown_names(surfaces).front(); };
  CHECK(shown({"Tom Riddle", "Voldemort", "Voldemort"}) == "Voldemort");
  CHECK(shown({"Tom Riddle", "Tom Riddle", "Voldemort"}) == "Tom Riddle");
  CHECK(shown({"Strider", "Aragorn", "Aragorn"}) == "Aragorn");
  CHECK(shown({"Elizabeth Bennet", "Elizabeth Darcy", "Elizabeth Darcy"}) == "Elizabeth Darcy");
  // Equally frequent: the more informative one, then the first.
  CHECK(shown({"Voldemort", "Tom Riddle"}) == "Tom Riddle");
  CHECK(shown({"Strider", "Aragorn"}) == "Strider");
  // A part is never shown before the whole, and speaks for it.
  CHECK(shown({"Lizzy", "Lizzy", "Lizzy", "Elizabeth Vane"}) == "Elizabeth Vane");
  CHECK(shown({"Mrs. Vane", "Mrs. Vane", "E. Vane", "Elizabeth Vane"}) == "Elizabeth Vane");
  CHECK(shown({"Tom", "Tom", "Tom Riddle", "Voldemort", "Voldemort"}) == "Tom Riddle");
  // A description or a role is shown only where there is no name.
  CHECK(shown({"the keeper", "the keeper", "Papa", "Papa", "Mara"}) == "Mara");
  CHECK(shown({"the keeper", "Papa"}) == "Papa");
}

TEST_CASE("the name that most texts use, in several languages") {
  using Names = std::vector<std::string_view>;
  const auto shown = [](const Names& surfaces) { return shown_names(surfaces).front(); };
  CHECK(shown({"Пётр Лунин", "Пётр Сергеевич Лунин", "Пётр Сергеевич", "Лунин"}) ==
        "Пётр Сергеевич Лунин");
  CHECK(shown({"Иван Грозный", "Царь", "Бродяга", "Бродяга"}) == "Бродяга");
  CHECK(shown({"林若曦", "若曦", "若曦"}) == "林若曦");
  CHECK(shown({"山田太郎", "黒影", "黒影"}) == "黒影");
  CHECK(shown({"Lucía Fernández Ortega", "Lucía", "La Rubia", "La Rubia", "La Rubia"}) ==
        "La Rubia");
  CHECK(shown({"Jean Valjean", "Monsieur Madeleine", "Monsieur Madeleine", "Valjean"}) ==
        "Jean Valjean");
}

TEST_CASE("any bytes are some name, and not a long one") {
  tests::Mutations mutations({"Mr. Darcy", "the late Lady Anne's Dr. J. van der Berg III, Esq.",
                              "Tom's 's and & of the", "M. \u0130'\u2019s de du von"});
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto name = parse_name(mutations.next());
    REQUIRE(name.words.size() == name.given.size());
    REQUIRE(name.words.size() <= kMaximumNameWords);
    REQUIRE((name.kind == NameKind::person) == !name.words.empty());
    REQUIRE((name.kind == NameKind::nobody) == name.key.empty());
  }
  CHECK(parse_name(std::string(1'000'000, 'a')).key.size() <= kMaximumNameBytes);
}
