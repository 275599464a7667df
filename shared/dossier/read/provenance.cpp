#include "shared/dossier/read/provenance.hpp"

#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/log.hpp"
#include "shared/dossier/read/import_source.hpp"
#include "shared/json/text.hpp"
#include "shared/text/timestamps.hpp"

namespace fabula::dossier {
namespace {

class ProvenanceWriter {
 public:
  ProvenanceWriter(const Dossier& dossier, std::string& out)
      : dossier_(dossier), ontology_(dossier.log().ontology()), writer_(out) {
    writer_.begin_array();
  }
  void end() { writer_.end_array(); }

  void write(const Entity& entity) {
    target_ = reference_text(entity.id);
    type_ = ontology_.facts(entity.type).name;
    for (const auto& field : entity.fields) {
      if (field.field == field::kName) {
        // Each mention supports the name, and may be split off.
        for (const auto& value : field.values) {
          for (const auto entry : value.entries) {
            if (!is_mention(entry)) write("name", value.text, entry);
          }
        }
        for (const auto mention : entity.mentions) {
          write("name", dossier_.entries()[mention].text, mention);
        }
      } else {
        write(field);
      }
    }
  }

  void write_subject(const std::vector<ShownField>& fields) {
    type_ = ontology_.facts(ontology_.subject).name;
    target_ = type_;
    for (const auto& field : fields) write(field);
  }

  void write(const std::vector<Item>& items) {
    for (const auto& item : items) {
      target_ = reference_text(item.id);
      type_ = ontology_.facts(item.type).name;
      for (const auto entry : item.entries) write("text", item.text, entry);
    }
  }

  void write(const Question& question, Type type) {
    if (question.kind != QuestionKind::asked) return;
    target_ = reference_text(question.id);
    type_ = ontology_.facts(type).name;
    for (const auto entry : question.seen) write("text", question.text, entry);
  }

 private:
  bool is_mention(EntryIndex index) const {
    const Act act = dossier_.entries()[index].act;
    return act == Act::mention || act == Act::add;
  }

  void write(const ShownField& field) {
    for (const auto& value : field.values) {
      for (const auto entry : value.entries) {
        write(dossier_.field_name(field.field), value.text, entry);
      }
    }
  }

  void text_or_null(std::string_view key, std::string_view text) {
    writer_.key(key);
    if (text.empty()) {
      writer_.null();
    } else {
      writer_.string(text);
    }
  }

  void write(std::string_view field, std::string_view value, EntryIndex index) {
    const Entry& entry = dossier_.entries()[index];
    writer_.begin_object().key("fact_id").string(digest_text(entry.id));
    writer_.key("target").string(target_).key("type").string(type_).key("field").string(field);
    writer_.key("value").string(value).key("kind").string(name(entry.kind));
    text_or_null("message_id", entry.message_id);
    writer_.key("import");
    if (const auto source = import_source(entry)) {
      write_import_source(writer_, *source);
    } else {
      writer_.null();
    }
    writer_.key("span");
    if (entry.quote.empty()) {
      writer_.null();
    } else {
      writer_.begin_array().integer(entry.source.begin).integer(entry.source.end).end_array();
    }
    text_or_null("quote", entry.quote);
    text_or_null("model", entry.model);
    text_or_null("prompt", entry.prompt);
    writer_.key("at").string(text::format_timestamp(entry.at)).end_object();
  }

  const Dossier& dossier_;
  const Ontology& ontology_;
  json::Writer writer_;
  std::string target_;
  std::string_view type_;
};

}  // namespace

std::string provenance_json(Dossier& dossier) {
  const State& state = dossier.state();
  std::string out;
  ProvenanceWriter writer(dossier, out);
  const Ontology& ontology = dossier.log().ontology();
  for (const auto type : ontology.shown) {
    for (const auto& entity : state.entities(type)) writer.write(entity);
    writer.write(state.items(type));
    if (ontology.kind(type) != TypeKind::question) continue;
    for (const auto& question : state.questions) writer.write(question, type);
  }
  writer.write_subject(state.subject);
  writer.end();
  return out;
}

}  // namespace fabula::dossier
