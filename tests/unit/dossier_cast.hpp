// Deliveries written as short lists, for tests of who is who.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/dossier/identity/identity.hpp"

namespace fabula::tests {

struct CastEntry {
  std::string name;
  std::vector<std::string> aliases = {};
};

// Deliveries in reading order; a record's id is "<delivery>/<place in it>".
class Cast {
 public:
  Cast(std::initializer_list<std::vector<CastEntry>> deliveries) {
    for (const auto& entries : deliveries) add(order_++, entries);
  }

  void add(std::uint64_t order, const std::vector<CastEntry>& entries) {
    const auto delivery = std::to_string(deliveries_++);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      records_.push_back(dossier::prepare({.id = delivery + "/" + std::to_string(i),
                                           .delivery = delivery,
                                           .order = order,
                                           .name = entries[i].name,
                                           .aliases = entries[i].aliases}));
    }
  }

  void decide(std::uint32_t first, std::uint32_t second, bool is_same) {
    decisions_.push_back({first, second, is_same});
  }

  const std::vector<dossier::PreparedRecord>& records() const { return records_; }
  const std::vector<dossier::IdentityDecision>& decisions() const { return decisions_; }
  std::vector<std::uint32_t> people() const {
    return dossier::identify_people(records_, decisions_);
  }

 private:
  std::vector<dossier::PreparedRecord> records_;
  std::vector<dossier::IdentityDecision> decisions_;
  std::uint64_t order_ = 0;
  std::uint64_t deliveries_ = 0;
};

}  // namespace fabula::tests
