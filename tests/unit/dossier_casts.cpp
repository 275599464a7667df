// Casts of novels in many languages, as an extractor delivers them, and who is who in them.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/identity.hpp"
#include "shared/json/document.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

namespace {

struct Work {
  std::vector<dossier::PreparedRecord> records;
  std::vector<std::string> names;
  std::vector<std::string> gold;
};

std::map<std::string, Work> read_works(const std::string& file) {
  std::map<std::string, Work> works;
  const auto text = tests::read_fixture("casts/" + file);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto delivery = json::parse(std::string_view(text).substr(at, end - at));
    at = end + 1;
    REQUIRE(delivery.has_value());
    const auto segment = json::integer_at(*delivery, "segment").value_or(0);
    auto& work = works[std::string(json::string_at(*delivery, "work").value_or(""))];
    for (const auto& each : (*delivery)["characters"]) {
      std::vector<std::string> aliases;
      for (const auto& alias : each["aliases"]) aliases.push_back(std::string(alias));
      work.names.emplace_back(json::string_at(each, "name").value_or(""));
      work.gold.emplace_back(json::string_at(each, "gold").value_or(""));
      const auto id = std::string(json::string_at(each, "id").value_or(""));
      const auto delivery_id = std::to_string(segment);
      work.records.push_back(dossier::prepare({.id = id,
                                               .delivery = delivery_id,
                                               .order = static_cast<std::uint64_t>(segment),
                                               .name = work.names.back(),
                                               .aliases = aliases}));
    }
  }
  return works;
}

// The numbers that the people have when each is who the file says.
std::vector<std::uint32_t> numbers_of(const std::vector<std::string>& gold) {
  std::map<std::string, std::uint32_t> numbers;
  std::vector<std::uint32_t> people;
  for (const auto& person : gold) {
    people.push_back(
        numbers.emplace(person, static_cast<std::uint32_t>(numbers.size())).first->second);
  }
  return people;
}

}  // namespace

TEST_CASE("people of novels in many languages are who their texts say") {
  for (const std::string file : {"field.jsonl", "languages.jsonl"}) {
    const auto works = read_works(file);
    CHECK(works.size() >= 6);
    for (const auto& [name, work] : works) {
      CAPTURE(name);
      const auto people = dossier::identify_people(work.records, {});
      const auto wanted = numbers_of(work.gold);
      REQUIRE(people.size() == wanted.size());
      for (std::size_t i = 0; i < people.size(); ++i) {
        CAPTURE(work.names[i]);
        CHECK(people[i] == wanted[i]);
      }
    }
  }
}
