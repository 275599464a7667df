// The facts that a dossier's entries give together: the result of Dossier::fold().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"

namespace fabula::dossier {

// The status of an entry.
enum class Status : std::uint8_t {
  idle,         // it is about nothing that exists, or about something that a person has removed
  shown,        // a part of what is shown, or an act in force
  superseded,   // a later or stronger entry is shown instead
  conflicting,  // has one of several values between which a person has not decided
  undone,
  off_path,  // from a message that is not on the conversation's path
  proposed,  // awaits a person's decision
  rejected,
};
std::string_view name(Status status);

struct ShownValue {
  std::string text;
  // The entries with this value, in content order: the earliest is first.
  std::vector<EntryIndex> entries;
};

struct ShownField {
  std::uint32_t field = 0;  // Dossier::field_name
  bool is_list = false;
  bool is_locked = false;
  std::vector<ShownValue> values;  // one, except for lists; none: a person has emptied it
  // The acts of persons that are in force; a new act replaces them.
  std::vector<EntryIndex> decided_by;
};

// A relation of a person to another: "sister", "Nora".
struct ShownRelation {
  std::string relation;
  std::string name;     // the other's current name; "": the text names nobody
  Reference other = 0;  // the other entity; 0: no shown character has the name
};

struct Entity {
  Type type = Type::none;
  Reference id = 0;                  // the id of its first mention
  std::vector<EntryIndex> mentions;  // in content order; acts `mention` and `add`
  bool is_locked = false;            // the whole entity is locked
  std::string name;
  std::uint32_t name_value = 0;    // its normalized name, in the log's table of values
  std::vector<ShownField> fields;  // in the ontology's order, then by name; name is among them
  std::vector<ShownRelation> relations;  // the list of relations, parsed, in its order
  std::string json;                      // its JSON in the snapshot

  const ShownField* find(std::uint32_t field) const;
};

struct Item {
  Type type = Type::none;
  Reference id = 0;
  std::string text;
  std::vector<EntryIndex> entries;  // in content order
};

enum class QuestionKind : std::uint8_t { contradiction, challenge, ambiguous_name, asked };
std::string_view name(QuestionKind kind);

struct Question {
  Reference id = 0;
  QuestionKind kind = QuestionKind::asked;
  std::string text;
  std::uint32_t field = 0;          // the field of a contradiction or challenge
  Reference target = 0;             // the entity, kSubject, or 0
  std::vector<EntryIndex> entries;  // one for each value, in content order
  std::vector<std::string> values;  // the same values as texts
  std::vector<EntryIndex> seen;     // all entries that have one of these values
  std::string json;                 // its JSON in the snapshot
};

// Only what is shown; each list is in the order of first appearance.
struct State {
  // Each list is empty for types of another kind.
  std::array<std::vector<Entity>, kMaximumTypes> entities_of;  // by type
  std::array<std::vector<Item>, kMaximumTypes> items_of;       // by type
  std::vector<Question> questions;
  std::vector<ShownField> subject;  // the facts about the subject of the whole memory
  std::vector<Status> statuses;     // of each entry
  // The mentions of each thing that is not shown because it was removed or retracted.
  std::vector<std::vector<EntryIndex>> gone;

  const std::vector<Entity>& entities(Type type) const {
    return entities_of[static_cast<std::size_t>(type)];
  }
  const std::vector<Item>& items(Type type) const {
    return items_of[static_cast<std::size_t>(type)];
  }
};

}  // namespace fabula::dossier
