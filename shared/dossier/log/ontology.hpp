// The ontology of a memory: its types and their fields. Logs, folds and snapshots take it as a
// value, so that a kind of memory other than a story's dossier is another table (story.hpp has the
// story's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {

// The index of a type in its ontology's table.
enum class Type : std::uint8_t { none };
inline constexpr std::size_t kMaximumTypes = 16;

enum class TypeKind : std::uint8_t {
  none,
  people,    // have fields and relations; matched like people (identity/). One type at most
  things,    // have fields; things with a common name are one
  item,      // a text alone
  question,  // a text that awaits a person's answer
  subject,   // the subject of the whole memory: has fields, and there is one
};

struct TypeFacts {
  std::string_view name;  // name in entries
  std::string_view list;  // the member of a snapshot; empty for a subject, whose fields are members
  TypeKind kind = TypeKind::none;
  // For people and things: how many of the table's first fields are in a snapshot even when they
  // are empty.
  std::uint32_t always_shown = 0;
};

enum class FieldRule : std::uint8_t {
  // One value. Two different values, neither of which corrects the other, become a question to the
  // person; the first one is shown.
  checked,
  // One value, the latest.
  latest,
  // One text, joined from all entries.
  joined,
  // A list.
  list,
};

// The form in which two values are compared.
enum class Comparison : std::uint8_t {
  folded,     // ignores case and typography
  words,      // also ignores everything between words
  key_words,  // also ignores words that add nothing
  number,     // and "thirty-four" is 34
  gender,
  life,  // "died" is dead
  colours,
};

struct FieldFacts {
  std::string_view name;
  FieldRule rule = FieldRule::latest;
  Comparison comparison = Comparison::words;
  bool is_of_subject = false;  // only the subject has it; all people and things have the others
  bool is_null_when_empty = false;
};

// Indexes of the first two fields of every ontology.
namespace field {
inline constexpr std::uint32_t kName = 0;
inline constexpr std::uint32_t kAliases = 1;
}  // namespace field

// The first type of this kind, or Type::none.
constexpr Type type_of_kind(std::span<const TypeFacts> types, TypeKind kind) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i].kind == kind) return static_cast<Type>(i);
  }
  return Type::none;
}

// The tables must outlive every log that is made with them: they are constants.
struct Ontology {
  std::span<const TypeFacts> types;    // the first is `none`
  std::span<const FieldFacts> fields;  // in the order of a snapshot
  std::uint32_t relations = kNone;     // the field that lists people's relations
  std::span<const Type> shown;         // the lists of a snapshot, in order
  // The member in which a snapshot repeats people's relations as objects with the other person's
  // id; "": there is none.
  std::string_view relation_objects = {};
  Type people = type_of_kind(types, TypeKind::people);
  Type subject = type_of_kind(types, TypeKind::subject);

  constexpr const TypeFacts& facts(Type type) const {
    return types[static_cast<std::size_t>(type)];
  }
  constexpr TypeKind kind(Type type) const { return facts(type).kind; }
  constexpr bool is_entity(Type type) const {
    return kind(type) == TypeKind::people || kind(type) == TypeKind::things;
  }
  constexpr bool is_item(Type type) const {
    return kind(type) == TypeKind::item || kind(type) == TypeKind::question;
  }
  constexpr std::optional<Type> type_named(std::string_view name) const {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (types[i].name == name) return static_cast<Type>(i);
    }
    return std::nullopt;
  }

  // Index in `fields`; nothing for other fields, which people add by hand.
  constexpr std::optional<std::uint32_t> field_named(std::string_view name) const {
    for (std::uint32_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name == name) return i;
    }
    return std::nullopt;
  }
  // The rule of a field; beyond the table it is `latest` and `words`.
  constexpr FieldRule rule(std::uint32_t field) const {
    return field < fields.size() ? fields[field].rule : FieldRule::latest;
  }
  constexpr Comparison comparison(std::uint32_t field) const {
    return field < fields.size() ? fields[field].comparison : Comparison::words;
  }
  // Whether things of this type can have the field: the subject has only its own, and others never
  // have those.
  constexpr bool has_field(Type type, std::uint32_t field) const {
    const bool is_of_subject = field < fields.size() && fields[field].is_of_subject;
    if (kind(type) == TypeKind::subject) return is_of_subject;
    return is_entity(type) && !is_of_subject;
  }
};

// Whether the ontology meets the requirements of logs and folds.
constexpr bool is_sound(const Ontology& ontology) {
  if (ontology.types.empty() || ontology.types.size() > kMaximumTypes ||
      ontology.types[0].kind != TypeKind::none || ontology.fields.size() < 2) {
    return false;
  }
  std::size_t people = 0;
  std::size_t subjects = 0;
  for (const auto& type : ontology.types) {
    people += type.kind == TypeKind::people ? 1 : 0;
    subjects += type.kind == TypeKind::subject ? 1 : 0;
    if (type.always_shown > ontology.fields.size()) return false;
  }
  for (const auto type : ontology.shown) {
    if (!ontology.is_entity(type) && !ontology.is_item(type)) return false;
  }
  const bool has_relations = ontology.relations < ontology.fields.size() &&
                             ontology.fields[ontology.relations].rule == FieldRule::list;
  return people <= 1 && subjects <= 1 && (people == 0 || has_relations) &&
         ontology.fields[field::kName].rule == FieldRule::latest &&
         ontology.fields[field::kAliases].rule == FieldRule::list;
}

}  // namespace fabula::dossier
