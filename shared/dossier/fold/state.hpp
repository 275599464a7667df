// What a dossier's entries say together: the result of Dossier::fold().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"

namespace fabula::dossier {

// What has become of an entry.
enum class Status : std::uint8_t {
  idle,         // it is about nothing that is there, or about what a person has removed
  shown,        // a part of what is shown, or an act that is in force
  superseded,   // a later or greater word is shown instead
  conflicting,  // one of several values of which a person has not chosen
  undone,
  off_path,  // of a message that is not on the conversation's path
  proposed,  // awaits a person
  rejected,
};
std::string_view name(Status status);

struct ShownValue {
  std::string text;
  // Where it comes from, in content order: what says so first stands first.
  std::vector<EntryIndex> entries;
};

struct ShownField {
  std::uint32_t field = 0;  // Dossier::field_name
  bool is_list = false;
  bool is_locked = false;
  std::vector<ShownValue> values;  // one, except for lists; none: a person has emptied it
  // The acts of persons that decide now: what a new one replaces.
  std::vector<EntryIndex> decided_by;
};

// A person's relation to somebody: "sister", "Nora".
struct ShownRelation {
  std::string relation;
  std::string name;     // the other's, as they are shown; "": the text names nobody
  Reference other = 0;  // the entity; 0: nobody who is shown is known by the name
};

struct Entity {
  Type type = Type::none;
  Reference id = 0;                  // its first mention's
  std::vector<EntryIndex> mentions;  // in content order; acts `mention` and `add`
  bool is_locked = false;            // as a whole
  std::string name;
  std::uint32_t name_value = 0;    // as it is compared, in the log's table of values
  std::vector<ShownField> fields;  // in the ontology's order, then by name; name is among them
  std::vector<ShownRelation> relations;  // what the list of relations says, in its order
  std::string json;                      // as the snapshot has it

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
  std::uint32_t field = 0;          // of contradictions and challenges
  Reference target = 0;             // the entity, kSubject, or 0
  std::vector<EntryIndex> entries;  // one of each value, in content order
  std::vector<std::string> values;  // the same in words
  std::vector<EntryIndex> seen;     // all that say one of these values
  std::string json;                 // as the snapshot has it
};

// Only what is shown, each list in the order of first appearance.
struct State {
  // Each empty for types of another kind.
  std::array<std::vector<Entity>, kMaximumTypes> entities_of;  // by type
  std::array<std::vector<Item>, kMaximumTypes> items_of;       // by type
  std::vector<Question> questions;
  std::vector<ShownField> subject;  // what the memory as a whole is about
  std::vector<Status> statuses;     // of each entry
  // The mentions of each thing that is not shown: it was removed, or taken back.
  std::vector<std::vector<EntryIndex>> gone;

  const std::vector<Entity>& entities(Type type) const {
    return entities_of[static_cast<std::size_t>(type)];
  }
  const std::vector<Item>& items(Type type) const {
    return items_of[static_cast<std::size_t>(type)];
  }
};

}  // namespace fabula::dossier
