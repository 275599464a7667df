#include "shared/dossier/read/snapshot.hpp"

#include "shared/dossier/fold/snapshot_writer.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/log.hpp"
#include "shared/json/text.hpp"

namespace fabula::dossier {
namespace {

void write_entities(json::Writer& writer, std::string_view key,
                    const std::vector<Entity>& entities) {
  writer.key(key).begin_array();
  for (const auto& entity : entities) writer.raw(entity.json);
  writer.end_array();
}

void write_items(json::Writer& writer, std::string_view key, const std::vector<Item>& items) {
  writer.key(key).begin_array();
  for (const auto& item : items) writer.string(item.text);
  writer.end_array();
}

}  // namespace

std::string snapshot_json(Dossier& dossier) {
  const State& state = dossier.state();
  std::size_t bytes = 1024;
  for (const Type type : {Type::character, Type::location, Type::object}) {
    for (const auto& entity : state.entities(type)) bytes += entity.json.size() + 1;
  }
  for (const auto& question : state.questions) bytes += question.json.size() + 1;
  std::string text;
  text.reserve(bytes);
  json::Writer writer(text);
  writer.begin_object();
  write_entities(writer, "characters", state.characters);
  write_items(writer, "themes", state.themes);
  write_entities(writer, "locations", state.locations);
  write_items(writer, "plot_points", state.plot_points);
  write_entities(writer, "objects", state.objects);
  writer.key("open_questions");
  writer.begin_array();
  for (const auto& question : state.questions) writer.raw(question.json);
  writer.end_array();
  for (const auto& field : state.story) {
    if (field.values.empty()) continue;
    writer.key(dossier.field_name(field.field)).string(field.values.front().text);
  }
  writer.end_object();
  return text;
}

}  // namespace fabula::dossier
