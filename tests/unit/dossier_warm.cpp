// A dossier that is kept and extended equals one that got everything at once.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/dossier_random.hpp"
#include "tests/unit/dossier_random_records.hpp"

using namespace fabula;
using tests::DossierScript;
using tests::Generator;
using tests::RandomStory;

namespace {

constexpr int kWorks = 300;
constexpr std::uint64_t kStories = 200;

// Longer works than those of one set, of which each record is in one more delivery.
std::vector<dossier::PreparedRecord> some_work(Generator& random) {
  std::vector<dossier::PreparedRecord> work;
  for (std::uint64_t part = 0; part < 6; ++part) {
    for (auto& record : tests::some_records(random)) {
      record.order += 3 * part;
      record.delivery += "." + std::to_string(part);
      record.id += "." + std::to_string(part);
      record.id_hash = dossier::hash_text(record.id);
      work.push_back(std::move(record));
    }
  }
  return work;
}

}  // namespace

TEST_CASE("what is known from before changes nothing of who is who") {
  Generator random(20261122);
  for (int round = 0; round < kWorks; ++round) {
    auto work = some_work(random);
    if (round % 2 == 0) std::shuffle(work.begin(), work.end(), random);
    dossier::Answers answers;
    for (std::size_t count = 1; count <= work.size(); count += 1 + random() % 4) {
      const std::span<const dossier::PreparedRecord> some(work.data(), count);
      const auto decisions = random() % 3 == 0 ? tests::some_decisions(count, random)
                                               : std::vector<dossier::IdentityDecision>{};
      const auto people = dossier::identify_people(some, decisions, answers);
      REQUIRE_MESSAGE(people == dossier::identify_people(some, decisions), "round ", round,
                      ", records ", count);
    }
  }
}

TEST_CASE("a delivery that changes who others are does so whatever is known from before") {
  Generator random(20261123);
  std::size_t changed_elsewhere = 0;
  for (int round = 0; round < kWorks; ++round) {
    const auto work = some_work(random);
    if (work.empty()) continue;
    const auto& late = tests::pick(work, random).delivery;
    std::vector<dossier::PreparedRecord> before;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < work.size(); ++i) {
      if (work[i].delivery == late) continue;
      before.push_back(work[i]);
      places.push_back(i);
    }
    dossier::Answers answers;
    const auto people = dossier::identify_people(before, {}, answers);
    const auto others = dossier::identify_people(work, {}, answers);
    REQUIRE_MESSAGE(others == dossier::identify_people(work), "round ", round);
    REQUIRE_MESSAGE(people == dossier::identify_people(before, {}, answers), "round ", round);

    std::vector<bool> is_in_delivery(work.size());
    for (std::size_t i = 0; i < work.size(); ++i) {
      if (work[i].delivery == late) is_in_delivery[others[i]] = true;
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto first = others[places[i]];
      for (std::size_t j = i + 1; j < places.size(); ++j) {
        const auto second = others[places[j]];
        if (is_in_delivery[first] || is_in_delivery[second]) continue;
        changed_elsewhere += (first == second) != (people[i] == people[j]) ? 1 : 0;
      }
    }
  }
  // The kind of a name's words, and the other people it could mean: otherwise this would prove
  // little.
  CHECK(changed_elsewhere > 100);
}

TEST_CASE("a dossier that is given its rows one by one has the snapshot of one that has them all") {
  std::printf("seed: dossier_warm: stories 1 to %llu\n", static_cast<unsigned long long>(kStories));
  for (std::uint64_t seed = 1; seed <= kStories; ++seed) {
    CAPTURE(seed);
    RandomStory story(seed + 2'000'000);
    DossierScript script;
    play_random(story, script, 4 + story.below(12));
    auto rows = script.rows;
    if (seed % 2 == 0) std::shuffle(rows.begin(), rows.end(), story.random());
    dossier::Dossier warm;
    dossier::Dossier half_warm;
    for (std::size_t begin = 0; begin < rows.size();) {
      const auto end = std::min(rows.size(), begin + 1 + story.below(4));
      const std::vector<dossier::EntryRow> some(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                                rows.begin() + static_cast<std::ptrdiff_t>(end));
      warm.add(tests::parsed(some));
      half_warm.add(tests::parsed(some));
      const auto text = dossier::snapshot_json(warm);
      dossier::Dossier cold;
      cold.add(tests::parsed({rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(end)}));
      REQUIRE(dossier::snapshot_json(cold) == text);
      if (story.by_chance(3)) half_warm.state();
      begin = end;
    }
    REQUIRE(dossier::snapshot_json(half_warm) == dossier::snapshot_json(warm));
  }
}
