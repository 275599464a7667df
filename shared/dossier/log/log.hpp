// The entries of a dossier, with the data that depends on each of them alone, computed once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {

// One thing in one answer of an extractor, or one that a person has added: the subject of the
// answer's facts.
struct Slot {
  Type type = Type::none;
  std::uint32_t delivery = kNone;    // number of the answer, or of a person's request
  std::vector<EntryIndex> mentions;  // in content order
};

// Numbers in the Log's tables; kNone where an entry has no such member.
struct Links {
  std::uint32_t slot = kNone;        // the subject
  std::uint32_t other_slot = kNone;  // relation: the other person
  std::uint32_t field = kNone;
  std::uint32_t value = kNone;        // in its normal form; also an item's text
  std::uint32_t other_value = kNone;  // relation: the other's name; rename: the new name
  std::uint32_t corrected = kNone;    // the value that it replaces
  std::uint32_t message = kNone;
  std::uint32_t proposal = kNone;
};

// The links of one field of an entry with several (`add`, `lock`).
struct PartLinks {
  std::uint32_t field = kNone;
  std::vector<std::uint32_t> values;
};

struct Log {
  std::vector<Entry> entries;
  std::vector<Links> links;
  std::vector<std::vector<PartLinks>> parts;  // for each entry; in the order of Entry::fields
  std::vector<EntryIndex> order;              // entries in content order
  std::vector<std::uint32_t> ranks;           // each entry's position in `order`
  std::vector<Slot> slots;
  std::vector<std::vector<std::uint32_t>> alias_values;  // for each mention's aliases
  TextTable slot_names;
  TextTable deliveries;
  TextTable fields;  // begins with the ontology's fields
  TextTable values;
  TextTable messages;
  TextTable proposals;

  explicit Log(const Ontology& ontology);

  const Ontology& ontology() const { return *ontology_; }
  std::size_t add(std::vector<Entry> added);

  EntryIndex find(Reference reference) const { return by_reference_.find(reference); }
  bool comes_before(EntryIndex first, EntryIndex second) const;

 private:
  void link(EntryIndex index);
  std::uint32_t slot(std::string_view slot_name, const Entry& entry);
  std::uint32_t value(std::uint32_t field, std::string_view text);
  std::uint32_t item_value(std::string_view text);
  void put_in_order(std::size_t first_new);

  const Ontology* ontology_;
  NumberTable by_reference_;
};

}  // namespace fabula::dossier
