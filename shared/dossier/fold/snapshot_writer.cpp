#include "shared/dossier/fold/snapshot_writer.hpp"

#include <algorithm>

#include "shared/dossier/log/field.hpp"
#include "shared/json/text.hpp"

namespace fabula::dossier {
namespace {

void write_list(json::Writer& writer, const ShownField* field) {
  writer.begin_array();
  if (field != nullptr) {
    for (const auto& value : field->values) writer.string(value.text);
  }
  writer.end_array();
}

void write_relations(json::Writer& writer, const std::vector<ShownRelation>& relations) {
  writer.begin_array();
  for (const auto& each : relations) {
    writer.begin_object().key("relation").string(each.relation).key("character_id");
    if (each.other == 0) {
      writer.null();
    } else {
      writer.string(reference_text(each.other));
    }
    writer.key("name");
    if (each.name.empty()) {
      writer.null();
    } else {
      writer.string(each.name);
    }
    writer.end_object();
  }
  writer.end_array();
}

void write_locked(json::Writer& writer, const Log& log, const Entity& entity) {
  const bool has_locked = std::any_of(entity.fields.begin(), entity.fields.end(),
                                      [](const ShownField& field) { return field.is_locked; });
  if (!has_locked && !entity.is_locked) return;
  const bool is_all =
      entity.is_locked && std::all_of(entity.fields.begin(), entity.fields.end(),
                                      [](const ShownField& field) { return field.is_locked; });
  writer.key("locked").begin_array();
  if (is_all) {
    writer.string("*");
  } else {
    for (const auto& field : entity.fields) {
      if (field.is_locked) writer.string(log.fields.at(field.field));
    }
  }
  writer.end_array();
}

}  // namespace

void append_entity(std::string& out, const Log& log, const Entity& entity) {
  json::Writer writer(out);
  writer.begin_object().key("id").string(reference_text(entity.id));
  writer.key("name").string(entity.name);
  const auto& ontology = log.ontology();
  const auto always_shown = ontology.facts(entity.type).always_shown;
  const bool has_relation_objects =
      entity.type == ontology.people && !ontology.relation_objects.empty();
  for (auto index = field::kAliases; index < always_shown; ++index) {
    const auto& facts = ontology.fields[index];
    writer.key(facts.name);
    const auto* field = entity.find(index);
    if (facts.rule == FieldRule::list) {
      write_list(writer, field);
      if (index == ontology.relations && has_relation_objects) {
        write_relations(writer.key(ontology.relation_objects), entity.relations);
      }
    } else if (field != nullptr && !field->values.empty()) {
      writer.string(field->values.front().text);
    } else if (facts.is_null_when_empty) {
      writer.null();
    } else {
      writer.string("");
    }
  }
  for (const auto& field : entity.fields) {
    const bool is_written =
        field.field == field::kName || field.field < always_shown ||
        (has_relation_objects && log.fields.at(field.field) == ontology.relation_objects);
    if (is_written || field.values.empty()) continue;
    writer.key(log.fields.at(field.field));
    if (field.is_list) {
      write_list(writer, &field);
    } else {
      writer.string(field.values.front().text);
    }
  }
  write_locked(writer, log, entity);
  writer.end_object();
}

void append_question(std::string& out, const Log& log, const Question& question) {
  json::Writer writer(out);
  writer.begin_object().key("id").string(reference_text(question.id));
  writer.key("kind").string(name(question.kind)).key("text").string(question.text);
  if (question.target != 0) {
    if (question.kind != QuestionKind::ambiguous_name) {
      writer.key("field").string(log.fields.at(question.field));
    }
    writer.key("target");
    writer.string(question.target == kSubject
                      ? std::string(log.ontology().facts(log.ontology().subject).name)
                      : reference_text(question.target));
  }
  writer.key("values").begin_array();
  for (std::size_t i = 0; i < question.entries.size(); ++i) {
    const Entry& entry = log.entries[question.entries[i]];
    writer.begin_object().key("entry").string(digest_text(entry.id));
    writer.key("value").string(question.values[i]).key("quote");
    if (entry.quote.empty()) {
      writer.null();
    } else {
      writer.string(entry.quote);
    }
    writer.key("message_id");
    if (entry.message_id.empty()) {
      writer.null();
    } else {
      writer.string(entry.message_id);
    }
    writer.end_object();
  }
  writer.end_array().end_object();
}

}  // namespace fabula::dossier
