#include "shared/dossier/read/snapshot.hpp"

#include "shared/dossier/fold/snapshot_writer.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/log.hpp"
#include "shared/json/text.hpp"

namespace fabula::dossier {

std::string snapshot_json(Dossier& dossier) {
  const State& state = dossier.state();
  const Ontology& ontology = dossier.log().ontology();
  std::size_t bytes = 1024;
  for (const auto& entities : state.entities_of) {
    for (const auto& entity : entities) bytes += entity.json.size() + 1;
  }
  for (const auto& question : state.questions) bytes += question.json.size() + 1;
  std::string text;
  text.reserve(bytes);
  json::Writer writer(text);
  writer.begin_object();
  for (const auto type : ontology.shown) {
    const auto& facts = ontology.facts(type);
    writer.key(facts.list).begin_array();
    if (facts.kind == TypeKind::question) {
      for (const auto& question : state.questions) writer.raw(question.json);
    } else if (facts.kind == TypeKind::item) {
      for (const auto& item : state.items(type)) writer.string(item.text);
    } else {
      for (const auto& entity : state.entities(type)) writer.raw(entity.json);
    }
    writer.end_array();
  }
  for (const auto& field : state.subject) {
    if (field.values.empty()) continue;
    writer.key(dossier.field_name(field.field)).string(field.values.front().text);
  }
  writer.end_object();
  return text;
}

}  // namespace fabula::dossier
