// Properties of all records: order of arrival, repetition and decisions.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>

#include "tests/unit/dossier_cast.hpp"
#include "tests/unit/dossier_random_records.hpp"

using namespace fabula;
using dossier::IdentityDecision;
using dossier::PreparedRecord;
using tests::Generator;
using tests::pick;
using tests::some_decisions;
using tests::some_records;

namespace {

constexpr int kRounds = 20'000;

}  // namespace

TEST_CASE("any order of arrival gives the same numbers") {
  Generator random(20261121);
  for (int round = 0; round < kRounds; ++round) {
    const auto records = some_records(random);
    const auto decisions = some_decisions(records.size(), random);
    const auto people = dossier::identify_people(records, decisions);

    std::vector<std::uint32_t> order(records.size());
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<PreparedRecord> shuffled;
    std::vector<std::uint32_t> place_of(records.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      shuffled.push_back(records[order[i]]);
      place_of[order[i]] = i;
    }
    auto moved = decisions;
    for (auto& decision : moved) {
      decision.first = place_of[decision.first];
      decision.second = place_of[decision.second];
      if (random() % 2 == 0) std::swap(decision.first, decision.second);
    }
    std::shuffle(moved.begin(), moved.end(), random);
    const auto again = dossier::identify_people(shuffled, moved);
    bool is_same = true;
    for (std::size_t i = 0; i < order.size(); ++i)
      is_same = is_same && again[i] == people[order[i]];
    REQUIRE_MESSAGE(is_same, "round ", round);
  }
}

TEST_CASE("a decision is kept, whatever the names say") {
  Generator random(7);
  for (int round = 0; round < kRounds; ++round) {
    const auto records = some_records(random);
    if (records.size() < 2) continue;
    const auto first = static_cast<std::uint32_t>(random() % records.size());
    const auto second = static_cast<std::uint32_t>(random() % records.size());
    if (first == second) continue;
    for (const bool is_same : {true, false}) {
      const auto people =
          dossier::identify_people(records, std::vector{IdentityDecision{first, second, is_same}});
      REQUIRE_MESSAGE((people[first] == people[second]) == is_same, "round ", round);
    }
  }
}

TEST_CASE("a delivery that comes again changes nobody") {
  Generator random(11);
  for (int round = 0; round < kRounds; ++round) {
    auto records = some_records(random);
    if (records.empty()) continue;
    const auto people = dossier::identify_people(records);
    const auto repeated = pick(records, random).delivery;
    const auto count = records.size();
    std::vector<std::uint32_t> expected = people;
    for (std::size_t i = 0; i < count; ++i) {
      if (records[i].delivery != repeated) continue;
      auto copy = records[i];
      copy.delivery += " again";
      expected.push_back(people[i]);
      records.push_back(std::move(copy));
    }
    REQUIRE_MESSAGE(dossier::identify_people(records) == expected, "round ", round);
  }
}

TEST_CASE("numbers are those of first appearance, without gaps") {
  Generator random(13);
  for (int round = 0; round < 2'000; ++round) {
    auto records = some_records(random);
    std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
      return std::tie(a.order, a.delivery, a.id) < std::tie(b.order, b.delivery, b.id);
    });
    std::uint32_t next = 0;
    for (const auto person : dossier::identify_people(records)) {
      REQUIRE(person <= next);
      next = std::max(next, person + 1);
    }
  }
}

TEST_CASE("thousands of people of one delivery, or of one name, take no more than moments") {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<PreparedRecord> one_delivery;
  std::vector<PreparedRecord> one_family;
  for (int i = 0; i < 5'000; ++i) {
    const auto id = std::to_string(i);
    const std::vector<std::string> aliases = {"Brown", "Mr. Brown", "N" + std::to_string(i % 300)};
    one_delivery.push_back(dossier::prepare({.id = id,
                                             .delivery = "d",
                                             .order = 0,
                                             .name = "N" + std::to_string(i % 300) + " Brown",
                                             .aliases = aliases}));
    one_family.push_back(dossier::prepare({.id = id,
                                           .delivery = std::to_string(i / 5),
                                           .order = static_cast<std::uint64_t>(i) / 5,
                                           .name = "Tom" + id + "x Brown",
                                           .aliases = aliases}));
  }
  CHECK(dossier::identify_people(one_delivery).size() == 5'000);
  CHECK(dossier::identify_people(one_family).size() == 5'000);
  // Sanitizers and a busy machine included: a quadratic step would take minutes.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
}
