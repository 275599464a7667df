// Random records and decisions, for tests of the invariants of matching people.
#pragma once

#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "shared/dossier/identity/identity.hpp"

namespace fabula::tests {

using Generator = std::mt19937_64;

template <class List>
const auto& pick(const List& list, Generator& random) {
  return list[random() % std::size(list)];
}

// Few names, so that most of them meet in some way.
inline std::string some_name(Generator& random) {
  static const std::vector<std::string> kTitles = {"",      "",     "Mr. ",     "Mrs. ", "Miss ",
                                                   "Aunt ", "old ", "Captain ", "Lady ", "Sir "};
  static const std::vector<std::string> kGiven = {"Tom",  "Thomas", "Bess", "Elizabeth", "Jane",
                                                  "Mara", "Marra",  "J.",   "Pip"};
  static const std::vector<std::string> kFamilies = {"Vane", "Moll",     "Foxe",
                                                     "Tom",  "Pembroke", "Pembrkoe"};
  static const std::vector<std::string> kOthers = {"papa", "the Captain",         "Tom's mother",
                                                   "",     "\u0130\u015F\u0131k", "\xFF"};
  switch (random() % 8) {
    case 0:
      return pick(kOthers, random);
    case 1:
    case 2:
      return pick(kTitles, random) + pick(kFamilies, random);
    case 3:
    case 4:
      return pick(kTitles, random) + pick(kGiven, random) + " " + pick(kFamilies, random);
    default:
      return pick(kTitles, random) + pick(kGiven, random);
  }
}

inline std::vector<dossier::PreparedRecord> some_records(Generator& random) {
  std::vector<dossier::PreparedRecord> records;
  const auto deliveries = 1 + random() % 6;
  for (std::size_t delivery = 0; delivery < deliveries; ++delivery) {
    for (auto count = random() % 5; count > 0; --count) {
      std::vector<std::string> aliases(random() % 4);
      for (auto& alias : aliases) alias = some_name(random);
      const auto name = some_name(random);
      records.push_back(
          dossier::prepare({.id = std::to_string(delivery) + "/" + std::to_string(count),
                            .delivery = std::to_string(delivery),
                            .order = delivery / 2,
                            .name = name,
                            .aliases = aliases}));
    }
  }
  return records;
}

inline std::vector<dossier::IdentityDecision> some_decisions(std::size_t records,
                                                             Generator& random) {
  std::vector<dossier::IdentityDecision> decisions;
  if (records == 0) return decisions;
  for (auto count = random() % 4; count > 0; --count) {
    decisions.push_back({static_cast<std::uint32_t>(random() % records),
                         static_cast<std::uint32_t>(random() % records), random() % 2 == 0});
  }
  return decisions;
}

}  // namespace fabula::tests
