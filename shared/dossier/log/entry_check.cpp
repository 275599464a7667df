#include "shared/dossier/log/entry_check.hpp"

#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {

std::string_view missing_members(const Entry& entry, const Ontology& ontology) {
  const bool is_of_answer = !entry.delivery.empty() && !entry.ref.empty();
  const bool has_text = !entry.text.empty();
  const bool has_field = is_field_name(entry.field);
  switch (entry.act) {
    case Act::mention:
      if (!ontology.is_entity(entry.type) || !is_of_answer || !has_text)
        return "type, delivery, ref, name";
      return "";
    case Act::fact:
      if (!ontology.is_entity(entry.type) || !is_of_answer || !has_field || !has_text) {
        return "type, delivery, ref, field, value";
      }
      return "";
    case Act::item:
      return ontology.is_item(entry.type) && has_text ? "" : "type, text";
    case Act::relation:
      if (!is_of_answer || entry.relation.empty() ||
          (entry.other.empty() && entry.to_name.empty())) {
        return "delivery, from_ref, relation, to_ref or to_name";
      }
      return "";
    case Act::story:
      return has_field && has_text ? "" : "field, value";
    case Act::retract:
      if (ontology.is_entity(entry.type)) return is_of_answer ? "" : "delivery, ref";
      if (ontology.kind(entry.type) == TypeKind::subject) return has_field ? "" : "field";
      return ontology.is_item(entry.type) && has_text ? "" : "type, value";
    case Act::rename:
      return is_of_answer && has_text && !entry.other.empty() ? "" : "delivery, ref, from, to";
    case Act::add:
      return (ontology.is_entity(entry.type) || ontology.is_item(entry.type)) && has_text
                 ? ""
                 : "type, name";
    case Act::set:
      return entry.target != 0 && has_field && (has_text || !entry.has_value)
                 ? ""
                 : "target, field, value";
    case Act::list:
      return entry.target != 0 && has_field && has_text ? "" : "target, field, value";
    case Act::remove:
      return entry.target != 0 && (!ontology.is_item(entry.type) || has_text)
                 ? ""
                 : "target, type, text";
    case Act::same:
    case Act::different:
    case Act::split:
      return entry.parts.size() >= 2 ? "" : "parts, two or more";
    case Act::lock:
    case Act::unlock:
      return entry.target != 0 && (entry.field.empty() || has_field) ? "" : "target";
    case Act::resolve:
      return entry.question != 0 ? "" : "question";
    case Act::undo:
      return entry.entries.empty() ? "entries" : "";
    case Act::accept:
    case Act::reject:
      return entry.proposal.empty() ? "proposal" : "";
    case Act::path:
    case Act::unknown:
      break;
  }
  return "";
}

bool is_act_of(Act act, EntryKind kind) {
  if (act == Act::unknown) return true;
  if (act == Act::path) return kind == EntryKind::path;
  if (act == Act::accept) return kind == EntryKind::confirmed || kind == EntryKind::user;
  if (act >= Act::add) return kind == EntryKind::user;
  return kind == EntryKind::extracted || kind == EntryKind::confirmed;
}

}  // namespace fabula::dossier
