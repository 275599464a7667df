// The rules by which records are one person, one by one.
#include "shared/dossier/identity/identity.hpp"

#include <doctest/doctest.h>

#include "tests/unit/dossier_cast.hpp"

using namespace fabula;
using tests::Cast;

using People = std::vector<std::uint32_t>;

TEST_CASE("one name is one person, however it is typed and with whatever title") {
  CHECK(Cast{{{"Mr. Darcy"}}, {{"MR DARCY"}}, {{"Darcy"}}, {{"poor Mr Darcy"}}}.people() ==
        People{0, 0, 0, 0});
  CHECK(Cast{{{"Zo\u00EB Vane"}}, {{"Zoe Vane"}}}.people() == People{0, 0});
  CHECK(Cast{{{"O'Hara"}}, {{"O\u2019Hara"}}}.people() == People{0, 0});
}

TEST_CASE("names that are listed together are one person's from then on") {
  CHECK(Cast{{{"Tuppence", {"Prudence Cowley"}}}, {{"Tuppence"}}, {{"Miss Cowley"}}}.people() ==
        People{0, 0, 0});
  CHECK(
      Cast{{{"Griffin"}}, {{"the Invisible Man", {"Griffin"}}}, {{"the Invisible Man"}}}.people() ==
      People{0, 0, 0});
}

TEST_CASE("two entries of one delivery are two people") {
  CHECK(Cast{{{"Jarndyce"}, {"Jarndyce"}}, {{"Jarndyce"}, {"Jarndyce"}}}.people() ==
        People{0, 1, 0, 1});
  CHECK(Cast{{{"Tom"}, {"Tommy"}}}.people() == People{0, 1});
}

TEST_CASE("two entries with one whole name are one, whatever the delivery says") {
  CHECK(Cast{{{"Mara Vane"}, {"Dr. Mara Vane"}}, {{"Mara Vane"}}}.people() == People{0, 0, 0});
}

TEST_CASE("an entry that was cut in two is put together if it is listed whole elsewhere") {
  const std::vector<tests::CastEntry> whole = {{"Hester Moll", {"Essie"}}};
  CHECK(Cast{whole, whole, {{"Hester Moll"}, {"Essie"}}, whole}.people() == People{0, 0, 0, 0, 0});
}

TEST_CASE("titles of women and men, and given names, tell a family apart") {
  CHECK(Cast{{{"Mr. Bennet"}}, {{"Mrs. Bennet"}}, {{"Jane Bennet"}}, {{"Lydia Bennet"}}}.people() ==
        People{0, 1, 2, 3});
  CHECK(Cast{{{"General Tilney"}}, {{"Captain Tilney"}}, {{"Miss Tilney"}}}.people() ==
        People{0, 1, 2});
  CHECK(Cast{{{"Sir Walter Elliot"}}, {{"Mr. Elliot"}}}.people() == People{0, 1});
  CHECK(Cast{{{"Mrs. John Dashwood"}}, {{"Mrs. Dashwood"}}}.people() == People{0, 1});
  CHECK(Cast{{{"Charles II"}}, {{"Charles I"}}}.people() == People{0, 1});
}

TEST_CASE("a part of a name is whose it can only be") {
  CHECK(Cast{{{"Fitzwilliam Darcy"}}, {{"Darcy"}}, {{"Fitzwilliam"}}}.people() == People{0, 0, 0});
  CHECK(Cast{{{"Jane Vane"}, {"Jane Moll"}}, {{"Jane"}}}.people() == People{0, 1, 2});
  CHECK(Cast{{{"Jane Vane"}, {"Jane Moll"}}, {{"Jane"}, {"Jane Vane"}}}.people() ==
        People{0, 1, 1, 0});
}

TEST_CASE("a family name alone is a man's, if there is one") {
  CHECK(Cast{{{"Mr. Villars"}}, {{"Mrs. Villars"}}, {{"Villars"}}}.people() == People{0, 1, 0});
  CHECK(Cast{{{"Mrs. Villars"}}, {{"Villars"}}}.people() == People{0, 0});
}

TEST_CASE("short forms, initials and names cut short are of the one who can be called so") {
  CHECK(Cast{{{"Elizabeth Vane"}}, {{"Bess"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Thaddeus Sholto"}}, {{"Thaddy Sholto"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Mara Vane"}}, {{"M. Vane"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Bess"}, {"Eliza"}}, {{"Elizabeth Vane"}}}.people() == People{0, 1, 2});
}

TEST_CASE("a post is the one's who holds it, kin is anybody's") {
  CHECK(Cast{{{"Colonel Brandon"}}, {{"the Colonel"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Colonel Brandon"}}, {{"Colonel Fitz"}}, {{"the Colonel"}}}.people() ==
        People{0, 1, 2});
  CHECK(Cast{{{"Mr. Vane", {"papa"}}, {"Mr. Moll", {"papa"}}}, {{"papa"}}}.people() ==
        People{0, 1, 2});
  CHECK(Cast{{{"Tom"}}, {{"Tom's mother"}}}.people() == People{0, 1});
}

TEST_CASE("a woman's name changes when she marries, and not back") {
  CHECK(Cast{{{"Emily", {"Miss Emily Ormsby"}}}, {{"Emily", {"Mrs. Kett"}}}}.people() ==
        People{0, 0});
  CHECK(Cast{{{"Emily", {"Mrs. Kett"}}},
             {{"Emily", {"Emily Ormsby"}}},
             {{"Emily", {"Mrs. Kett"}}},
             {{"Emily", {"Emily Ormsby"}}}}
            .people() == People{0, 1, 0, 1});
}

TEST_CASE("slips of the pen") {
  const std::vector<tests::CastEntry> often = {{"Mr. Pembroke"}};
  CHECK(Cast{often, often, often, {{"Mr. Pembrkoe"}}}.people() == People{0, 0, 0, 0});
  CHECK(Cast{{{"Elizabeth"}}, {{"Elizabteh"}}}.people() == People{0, 0});
  CHECK(Cast{{{"Ellen"}}, {{"Helen"}}}.people() == People{0, 1});
  CHECK(Cast{{{"Mizzle"}}, {{"Drizzle"}}}.people() == People{0, 1});
}

TEST_CASE("a record of two people mixed glues nobody together") {
  const std::vector<tests::CastEntry> both = {{"Jane Vane", {"Jane"}}, {"Tom Moll", {"Tom"}}};
  CHECK(Cast{both, both, {{"Jane Vane", {"Jane", "Tom Moll", "Tom"}}}, both}.people() ==
        People{0, 1, 0, 1, 0, 0, 1});
  const std::vector<tests::CastEntry> women = {{"Mrs. Young"}, {"Susan", {"Susan Moll"}}};
  CHECK(Cast{women, women, {{"Mrs. Young", {"Susan"}}}, women}.people() ==
        People{0, 1, 0, 1, 0, 0, 1});
}

TEST_CASE("what father and son are both called is the father's") {
  const std::vector<tests::CastEntry> both = {{"Mr. Foxe"}, {"Charles", {"Charles Foxe"}}};
  CHECK(Cast{both, both, {{"Charles", {"Mr. Foxe"}}}, both, {{"Mr. Foxe"}}}.people() ==
        People{0, 1, 0, 1, 1, 0, 1, 0});
}

TEST_CASE("an answer that came twice counts once") {
  Cast cast{{{"Jane", {"Vane"}}, {"Tom"}}};
  cast.add(0, {{"Jane", {"Vane"}}, {"Tom"}});
  CHECK(cast.people() == People{0, 1, 0, 1});
}

TEST_CASE("what a person has decided wins") {
  Cast same{{{"Mr. Darcy"}, {"Mrs. Bennet"}}};
  same.decide(1, 0, true);
  CHECK(same.people() == People{0, 0});
  Cast different{{{"Mara Vane"}}, {{"Mara Vane"}}, {{"Mara Vane"}}};
  different.decide(0, 2, false);
  CHECK(different.people() == People{0, 0, 1});
  Cast both{{{"A"}}, {{"B"}}, {{"C"}}};
  both.decide(0, 1, true);
  both.decide(1, 2, true);
  both.decide(0, 2, false);
  CHECK(both.people() == People{0, 0, 1});
}

TEST_CASE("nothing, and names that say nothing") {
  CHECK(Cast{}.people().empty());
  CHECK(Cast{{{""}, {"\u2014"}}, {{""}}}.people() == People{0, 1, 2});
  Cast cast{{{"A"}}};
  cast.decide(0, 7, true);
  CHECK(cast.people() == People{0});
}
