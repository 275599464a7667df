// Names of people as they are made in several languages, and things that differ by their owner.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/identity.hpp"
#include "shared/dossier/identity/names.hpp"
#include "shared/dossier/identity/things.hpp"
#include "shared/dossier/log/folding.hpp"
#include "tests/unit/dossier_cast.hpp"

using namespace fabula;
using tests::Cast;

using People = std::vector<std::uint32_t>;

namespace {

using Things = std::vector<std::uint32_t>;

Things things(const std::vector<dossier::ThingRecord>& records) {
  return dossier::identify_things(records, {});
}

}  // namespace

TEST_CASE("a name is that of the only longer one that it is the beginning of") {
  CHECK(Cast{{{"Anna Maria Holt", {"Anna Maria"}}, {"Ruben Holt"}},
             {{"Anna Maria"}},
             {{"Anna Maria"}, {"Ruben"}}}
            .people() == People{0, 1, 0, 0, 1});
  CHECK(Cast{{{"Mary Beth Collier", {"Mary Beth", "Beth"}}}, {{"Mary Beth"}, {"Mary Stone"}}}
            .people() == People{0, 0, 1});
  CHECK(Cast{{{"Hans Peter Vogel"}}, {{"Hans Peter"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Marie Claire Dubois"}}, {{"Marie Claire"}}}.people() == People{0, 0});
  // Two longer ones, and other people of the family.
  CHECK(Cast{{{"Anna Maria Holt"}}, {{"Anna Maria Stein"}}, {{"Anna Maria"}}}.people() ==
        People{0, 1, 2});
  CHECK(Cast{{{"Anna Holt"}}, {{"Anna Stein"}}}.people() == People{0, 1});
  // Somebody may be called by the second given name.
  CHECK(Cast{{{"Mary Beth Collier", {"Beth Collier"}}}, {{"Beth Collier"}}}.people() ==
        People{0, 0});
  CHECK(Cast{{{"Aleksandra Ola Lis", {"Ola Lis"}}}, {{"Ola Lis"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Anna Maria Holt"}}, {{"Ruben Maria"}}}.people() == People{0, 1});
}

TEST_CASE("two family names, as in Spanish") {
  CHECK(Cast{{{"Lucía Fernández Ortega"}}, {{"Lucía Fernández"}}, {{"Lucía"}}}.people() ==
        People{0, 0, 0});
  CHECK(Cast{{{"Lucía Fernández Ortega"}}, {{"Lucía Fernández"}}, {{"Fernández"}}}.people() ==
        People{0, 0, 0});
  CHECK(Cast{{{"Lucía Fernández Ortega"}}, {{"Pablo Fernández Ruiz"}}}.people() == People{0, 1});
}

TEST_CASE("patronymics, as in Russian") {
  CHECK(Cast{{{"Пётр Сергеевич Лунин", {"Пётр Сергеевич"}}},
             {{"Пётр Сергеевич"}},
             {{"Лунин"}, {"Анна Сергеевна"}}}
            .people() == People{0, 0, 0, 1});
  CHECK(Cast{{{"Лунин Пётр Сергеевич"}}, {{"Пётр Лунин"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Лунин Пётр Сергеевич"}}, {{"Пётр Белов"}}}.people() == People{0, 1});
  CHECK(Cast{{{"Лунин Пётр Сергеевич"}}, {{"Лунин"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Lunin Pyotr Sergeyevich"}}, {{"Lunin"}}, {{"Pyotr"}}}.people() == People{0, 0, 0});
  CHECK(Cast{{{"Пётр Сергеевич"}}, {{"Пётр Лунин"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Пётр Сергеевич"}}, {{"Пётр Иванович"}}}.people() == People{0, 1});
  CHECK(Cast{{{"Анна Сергеевна"}}, {{"Анна Лунина"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Anna Sergeyevna"}}, {{"Anna Lunina"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Анна Сергеевна Лунина"}}, {{"Пётр Сергеевич Лунин"}}}.people() == People{0, 1});
  CHECK(Cast{{{"Pyotr Sergeyevich Lunin"}}, {{"Pyotr Sergeyevich"}}, {{"Lunin"}}}.people() ==
        People{0, 0, 0});
}

TEST_CASE("Chinese, Japanese and Korean names") {
  CHECK(Cast{{{"林若曦"}, {"哈维·科尔"}}, {{"若曦"}, {"哈维"}}}.people() == People{0, 1, 0, 1});
  CHECK(Cast{{{"林若曦"}}, {{"林小姐"}}}.people() == People{0, 0});
  CHECK(Cast{{{"欧阳明月"}}, {{"明月"}}}.people() == People{0, 0});
  CHECK(Cast{{{"山田太郎"}}, {{"太郎"}}, {{"山田さん"}}}.people() == People{0, 0, 0});
  CHECK(Cast{{{"김민수"}}, {{"민수"}}, {{"민수 씨"}}}.people() == People{0, 0, 0});
  CHECK(Cast{{{"ハリー・ポッター"}}, {{"ハリー"}}}.people() == People{0, 0});
  CHECK(Cast{{{"林若曦"}}, {{"林若晴"}}}.people() == People{0, 1});
  CHECK(Cast{{{"林若曦"}}, {{"陈若曦"}}}.people() == People{0, 1});
  CHECK(Cast{{{"王芳"}}, {{"王芳"}}, {{"王方"}}}.people() == People{0, 0, 1});
}

TEST_CASE("a name may stand in either order") {
  CHECK(Cast{{{"Taro Yamada"}}, {{"Yamada Taro"}}, {{"Taro Yamada"}}}.people() == People{0, 0, 0});
  CHECK(Cast{{{"Nagy Anna"}}, {{"Anna Nagy"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Holt, Anna Maria"}}, {{"Anna Maria Holt"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Лунин, Пётр"}}, {{"Пётр Лунин"}}}.people() == People{0, 0});
  CHECK(dossier::parse_name("John Smith, Jr.").words ==
        dossier::parse_name("John Smith Jr.").words);
  CHECK(dossier::parse_name("Tom, the cat").words == std::vector<std::string>{"tom"});
}

TEST_CASE("titles of several languages are no names") {
  for (const auto* titled :
       {"господин Лунин", "г-н Лунин", "граф Лунин", "доктор Лунин", "профессор Лунин",
        "капитан Лунин", "Herr Лунин", "Monsieur Лунин", "Señor Лунин", "Sr. Лунин"}) {
    CAPTURE(titled);
    CHECK(dossier::parse_name(titled).words == std::vector<std::string>{"лунин"});
  }
  CHECK(dossier::parse_name("Frau Gräfin Holt").words == std::vector<std::string>{"holt"});
  CHECK(dossier::parse_name("Doktor Holt").words == std::vector<std::string>{"holt"});
  for (const auto* titled : {"мистер Holt",
                             "миссис Holt",
                             "мисс Holt",
                             "мадам Holt",
                             "майор Holt",
                             "император Holt",
                             "следователь Holt",
                             "старый граф Holt",
                             "le comte Holt",
                             "la duchesse Holt",
                             "Mme Holt",
                             "le père Holt",
                             "sœur Holt",
                             "le commissaire Holt",
                             "l'abbé Holt",
                             "el capitán Holt",
                             "la condesa Holt",
                             "doña Holt",
                             "fray Holt",
                             "la profesora Holt",
                             "tía Holt",
                             "Prinz Holt",
                             "Freiherr Holt",
                             "Kommissarin Holt",
                             "Frau Professorin Holt",
                             "der alte Graf Holt",
                             "die Gräfin Holt",
                             "Oma Holt",
                             "Pfarrer Holt"}) {
    CAPTURE(titled);
    CHECK(dossier::parse_name(titled).words == std::vector<std::string>{"holt"});
  }
  for (const auto* description :
       {"дочь Лунина", "la hija de Ortega", "le fils d'Oda", "la madre de Oda"}) {
    CAPTURE(description);
    CHECK(dossier::parse_name(description).kind == dossier::NameKind::description);
  }
  CHECK(dossier::parse_name("la Rubia").kind == dossier::NameKind::person);
  CHECK(dossier::parse_name("Le Corbusier").words == std::vector<std::string>{"le corbusier"});
  CHECK(dossier::parse_name("la condesa").kind == dossier::NameKind::role);
  CHECK(dossier::parse_name("林先生").title == dossier::Title::mister);
  CHECK(dossier::parse_name("박 부인").title == dossier::Title::missus);
  CHECK(dossier::parse_name("王将军").title == dossier::Title::military);
  CHECK(dossier::parse_name("김 교수님").title == dossier::Title::learned);
  CHECK(dossier::parse_name("山田警部").title == dossier::Title::office);
  CHECK(Cast{{{"박 부인"}}, {{"박 교수"}}}.people() == People{0, 1});
  CHECK(Cast{{{"老王"}, {"小王"}}, {{"老王"}}}.people() == People{0, 1, 0});
  CHECK(dossier::parse_name("小林").words == std::vector<std::string>{dossier::fold("小林")});
  CHECK(dossier::parse_name("김민형").words.size() == 2);
  CHECK(Cast{{{"госпожа Лунина"}}, {{"господин Лунина"}}}.people() == People{0, 1});
}

TEST_CASE("one digit tells two apart, and no letter of another script is a slip") {
  CHECK(Cast{{{"Agent47"}}, {{"Agent47"}}, {{"Agent47"}}, {{"Agent48"}}}.people() ==
        People{0, 0, 0, 1});
  CHECK(Cast{{{"RX-7800"}}, {{"RX-7800"}}, {{"RX-7800"}}, {{"RX-7801"}}}.people() ==
        People{0, 0, 0, 1});
  CHECK(Cast{{{"Инна"}}, {{"Анна"}}, {{"Анна"}}, {{"Анна"}}}.people() == People{0, 1, 1, 1});
  CHECK(Cast{{{"민수진"}}, {{"민수지"}}, {{"민수지"}}, {{"민수지"}}}.people() ==
        People{0, 1, 1, 1});
  // A slip is one still.
  CHECK(Cast{{{"Thorndyke"}}, {{"Thorndyke"}}, {{"Thorndyke"}}, {{"Thorndike"}}}.people() ==
        People{0, 0, 0, 0});
}

TEST_CASE("things of different owners are different, whatever else they are called") {
  CHECK(things({{"her knife", {}}, {"his knife", {}}}) == Things{0, 1});
  CHECK(things({{"her knife", {"the knife"}}, {"his knife", {"the knife"}}}) == Things{0, 1});
  CHECK(things({{"Oda's knife", {"the knife"}}, {"Pell's knife", {"the knife"}}}) == Things{0, 1});
  CHECK(things({{"mein Messer", {}}, {"dein Messer", {}}, {"das Messer", {}}}) == Things{0, 1, 2});
  CHECK(things({{"le couteau d'Oda", {}}, {"son couteau", {}}, {"leur couteau", {}}}) ==
        Things{0, 1, 2});
  CHECK(things({{"el cuchillo de Oda", {"el cuchillo"}},
                {"el cuchillo de Pell", {"el cuchillo"}}}) == Things{0, 1});
  CHECK(things({{"её нож", {}}, {"его нож", {}}}) == Things{0, 1});
  CHECK(things({{"她的刀", {"刀"}}, {"他的刀", {"刀"}}}) == Things{0, 1});
  CHECK(things({{"彼女の刀", {"刀"}}, {"彼の刀", {"刀"}}}) == Things{0, 1});
  CHECK(things({{"그녀의 칼", {"칼"}}, {"그의 칼", {"칼"}}}) == Things{0, 1});
  // An owner with two names.
  CHECK(things({{"her knife", {"Oda's knife"}}, {"Oda's knife", {}}, {"his knife", {}}}) ==
        Things{0, 0, 1});
}

TEST_CASE("owners in the genitive tell things apart") {
  CHECK(things({{"нож Оды", {"нож"}}, {"нож Пелла", {"нож"}}}) == Things{0, 1});
  CHECK(things({{"Odas Messer", {"das Messer"}}, {"Pells Messer", {"das Messer"}}}) ==
        Things{0, 1});
  CHECK(things({{"комната Мары Луниной", {"комната"}}, {"комната Пелла", {"комната"}}}) ==
        Things{0, 1});
  CHECK(things({{"нож Оды", {"нож"}}, {"нож", {}}}) == Things{0, 0});
  CHECK(things({{"Odas Messer", {}}, {"Odas Messer", {}}}) == Things{0, 0});
  CHECK(things({{"le couteau d'Oda", {"le couteau"}}, {"le couteau de Pell", {"le couteau"}}}) ==
        Things{0, 1});
  CHECK(things({{"欧达的刀", {"刀"}}, {"佩尔的刀", {"刀"}}}) == Things{0, 1});
  CHECK(things({{"오다의 칼", {"칼"}}, {"펠의 칼", {"칼"}}}) == Things{0, 1});
  // No owners.
  CHECK(things({{"Красная Площадь", {}}, {"красная площадь", {}}}) == Things{0, 0});
  CHECK(things({{"Glass Tower", {"the tower"}}, {"the tower", {}}}) == Things{0, 0});
}

TEST_CASE("articles tell nothing apart, and a bare name is the only one's") {
  CHECK(things({{"a knife", {}}, {"the knife", {}}, {"Knife", {}}}) == Things{0, 0, 0});
  CHECK(things({{"die Mühle", {}}, {"eine Mühle", {}}}) == Things{0, 0});
  CHECK(things({{"l'épée", {}}, {"une épée", {}}}) == Things{0, 0});
  CHECK(things({{"la espada", {}}, {"una espada", {}}}) == Things{0, 0});
  CHECK(things({{"her knife", {}}, {"the knife", {}}}) == Things{0, 0});
  CHECK(things({{"the knife", {}}, {"her knife", {}}}) == Things{0, 0});
  CHECK(things({{"the knife", {}}, {"her knife", {}}, {"his knife", {}}}) == Things{0, 1, 2});
}

TEST_CASE("numbers tell things of one kind apart") {
  CHECK(things({{"Room 12", {"the room"}}, {"Room 13", {"the room"}}}) == Things{0, 1});
  CHECK(things({{"the first bed", {"the bed"}}, {"the second bed", {"the bed"}}}) == Things{0, 1});
  CHECK(things({{"первая дверь", {"дверь"}}, {"вторая дверь", {"дверь"}}}) == Things{0, 1});
  CHECK(things({{"Zimmer 7", {}}, {"das Zimmer 7", {}}, {"Zimmer 8", {}}}) == Things{0, 0, 1});
  CHECK(things({{"3号房", {"房间"}}, {"4号房", {"房间"}}}) == Things{0, 1});
  CHECK(things({{"第三个房间", {"房间"}}, {"第四个房间", {"房间"}}}) == Things{0, 1});
  CHECK(things({{"２号室", {"部屋"}}, {"3号室", {"部屋"}}}) == Things{0, 1});
  CHECK(things({{"첫 번째 방", {"방"}}, {"두 번째 방", {"방"}}}) == Things{0, 1});
  CHECK(things({{"1번 방", {"방"}}, {"2번 방", {"방"}}}) == Things{0, 1});
  CHECK(things({{"das zweite Bett", {"das Bett"}}, {"das dritte Bett", {"das Bett"}}}) ==
        Things{0, 1});
  CHECK(things({{"la segunda puerta", {"la puerta"}}, {"la tercera puerta", {"la puerta"}}}) ==
        Things{0, 1});
  CHECK(things({{"la deuxième clé", {"la clé"}}, {"la troisième clé", {"la clé"}}}) ==
        Things{0, 1});
  CHECK(things({{"North Gate", {"Gate 2"}}, {"Gate 2", {}}}) == Things{0, 0});
}

TEST_CASE("a person's decision about things wins") {
  const std::vector<dossier::ThingRecord> records = {
      {"her knife", {}}, {"his knife", {}}, {"the knife", {}}};
  const std::vector<dossier::IdentityDecision> same = {{0, 1, true}};
  CHECK(dossier::identify_things(records, same) == Things{0, 0, 0});
  const std::vector<dossier::IdentityDecision> different = {{0, 2, false}, {1, 2, false}};
  CHECK(dossier::identify_things(records, different) == Things{0, 1, 2});
}

namespace {

struct Quoted {
  std::string_view delivery;
  std::string_view name;
  dossier::Quotes quotes;
};

// The people of these names, with the words of the texts about them.
People people_of(const std::vector<Quoted>& named) {
  std::vector<dossier::PreparedRecord> records;
  std::vector<dossier::Quotes> quotes;
  for (const auto& each : named) {
    const auto number = std::to_string(records.size());
    records.push_back(dossier::prepare({.id = number,
                                        .delivery = each.delivery,
                                        .order = static_cast<std::uint64_t>(each.delivery[0]),
                                        .name = each.name,
                                        .aliases = {}}));
    quotes.push_back(each.quotes);
  }
  dossier::Answers answers;
  const auto people = dossier::identify_people(records, {}, answers, quotes);
  // Answers that are kept from the first time change nothing.
  CHECK(dossier::identify_people(records, {}, answers, quotes) == people);
  return people;
}

}  // namespace

TEST_CASE("a quote belongs to the one whom it names") {
  CHECK(
      people_of({{"1", "Anna Holt", {}}, {"1", "Anna Stein", {}}, {"2", "Anna", {"Anna ran."}}}) ==
      People{0, 1, 2});
  CHECK(people_of({{"1", "Anna Holt", {}},
                   {"1", "Anna Stein", {}},
                   {"2", "Anna", {"Anna Stein laughed."}}}) == People{0, 1, 1});
  CHECK(people_of({{"1", "Anna Holt", {}},
                   {"1", "Anna Stein", {}},
                   {"2", "Anna", {"She ran.", "ANNA  HOLT\u2019s hat"}},
                   {"3", "Anna", {"said Stein, Anna"}},
                   {"4", "Anna", {"Stein Anna"}}}) == People{0, 1, 0, 2, 1});
  // Matched by the family name.
  CHECK(people_of({{"1", "Jane Bennet", {}},
                   {"1", "Mary Bennet", {}},
                   {"2", "Miss Bennet", {"Miss Mary Bennet sang."}}}) == People{0, 1, 1});
  CHECK(people_of({{"1", "Пётр Лунин", {}},
                   {"1", "Пётр Орлов", {}},
                   {"2", "Пётр", {"Пётр Орлов смеялся."}}}) == People{0, 1, 1});
  CHECK(people_of({{"1", "Lucía Ortega", {}},
                   {"1", "Lucía Ruiz", {}},
                   {"2", "Lucía", {"\u2014Sí \u2014dijo Lucía Ruiz."}}}) == People{0, 1, 1});
  CHECK(people_of(
            {{"1", "林若曦", {}}, {"1", "陈若曦", {}}, {"2", "若曦", {"那天陈若曦没有来。"}}}) ==
        People{0, 1, 1});
  CHECK(people_of({{"1", "山田太郎", {}},
                   {"1", "鈴木太郎", {}},
                   {"2", "太郎", {"山田太郎は笑った。"}}}) == People{0, 1, 0});
}

TEST_CASE("a quote that names two, or somebody else besides, says nothing") {
  const Quoted holt{"1", "Anna Holt", {}};
  const Quoted stein{"1", "Anna Stein", {}};
  CHECK(people_of({holt, stein, {"2", "Anna", {"Anna Holt met Anna Stein."}}}) == People{0, 1, 2});
  CHECK(people_of({holt, stein, {"2", "Anna", {"Anna Holt.", "Anna Stein."}}}) == People{0, 1, 2});
  CHECK(people_of({holt, stein, {"2", "Anna", {"Anna kissed Anna Stein."}}}) == People{0, 1, 2});
  CHECK(people_of({holt, stein, {"2", "Anna", {"Anna Steiner laughed."}}}) == People{0, 1, 2});
  // The answer itself says that they are two.
  const auto two =
      people_of({holt, stein, {"2", "Anna", {"Anna Stein ran."}}, {"2", "Anna Stein", {}}});
  CHECK(two[2] != two[3]);
  CHECK(two[3] == 1);
}

TEST_CASE("a thing is the one that its quotes name") {
  CHECK(
      things({{"her knife", {}}, {"his knife", {}}, {"the knife", {}, {"Her knife was rusty."}}}) ==
      Things{0, 1, 0});
  CHECK(
      things({{"her knife", {}}, {"his knife", {}}, {"the knife", {}, {"The knife was rusty."}}}) ==
      Things{0, 1, 2});
  CHECK(things({{"her knife", {}},
                {"his knife", {}},
                {"the knife", {}, {"Her knife lay beside the knife."}}}) == Things{0, 1, 2});
  CHECK(things({{"her knife", {}},
                {"his knife", {}},
                {"the knife", {}, {"Her knife and his knife."}}}) == Things{0, 1, 2});
  CHECK(things({{"её нож", {}}, {"его нож", {}}, {"нож", {}, {"Он взял её нож."}}}) ==
        Things{0, 1, 0});
  CHECK(things({{"Room 12", {}}, {"Room 13", {}}, {"the room", {}, {"She locked room 13."}}}) ==
        Things{0, 1, 1});
  CHECK(things({{"她的刀", {}}, {"他的刀", {}}, {"刀", {}, {"他的刀很钝。"}}}) == Things{0, 1, 1});
}
