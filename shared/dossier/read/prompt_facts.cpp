#include "shared/dossier/read/prompt_facts.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/log.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {
namespace {

class FactLines {
 public:
  FactLines(const Dossier& dossier, std::size_t budget_bytes)
      : dossier_(dossier), budget_(budget_bytes) {}

  // A line that does not fit is left out completely; a shorter one after it may still fit.
  void add(std::string_view line, const std::vector<EntryIndex>& entries) {
    if (line.empty() || facts.text.size() + line.size() + 1 > budget_) return;
    facts.text.append(line).append("\n");
    for (const auto entry : entries) {
      auto id = digest_text(dossier_.entries()[entry].id);
      const auto known = known_.size();
      if (known_.intern(id) == known) facts.fact_ids.push_back(std::move(id));
    }
  }

  void add(const Entity& entity) {
    std::string line = std::string(story::name(entity.type)) + " " + entity.name;
    std::vector<EntryIndex> entries{entity.mentions.front()};
    std::string_view before = ": ";
    for (const auto& field : entity.fields) {
      if (field.field == field::kName || field.values.empty()) continue;
      line.append(before);
      before = "; ";
      std::string words(dossier_.field_name(field.field));
      std::replace(words.begin(), words.end(), '_', ' ');
      line.append(words).append(" ");
      for (std::size_t i = 0; i < field.values.size(); ++i) {
        if (i > 0) line.append(", ");
        line.append(on_one_line(field.values[i].text));
        entries.insert(entries.end(), field.values[i].entries.begin(),
                       field.values[i].entries.end());
      }
    }
    add(line, entries);
  }

  static std::string on_one_line(std::string_view text) {
    std::string line(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
  }

  PromptFacts facts;

 private:
  const Dossier& dossier_;
  std::size_t budget_;
  TextTable known_;
};

}  // namespace

PromptFacts facts_for_prompt(Dossier& dossier, std::size_t budget_bytes) {
  const State& state = dossier.state();
  FactLines lines(dossier, budget_bytes);
  for (const auto& field : state.subject) {
    if (field.values.empty()) continue;
    lines.add(std::string(dossier.field_name(field.field)) + ": " +
                  FactLines::on_one_line(field.values.front().text),
              field.values.front().entries);
  }
  for (const auto& question : state.questions) {
    lines.add("open question: " + FactLines::on_one_line(question.text), question.entries);
  }
  std::vector<const Entity*> characters;
  for (const auto& entity : state.entities(story::kCharacter)) characters.push_back(&entity);
  std::sort(characters.begin(), characters.end(), [](const Entity* a, const Entity* b) {
    if (a->mentions.size() != b->mentions.size()) return a->mentions.size() > b->mentions.size();
    return a->id < b->id;
  });
  for (const auto* entity : characters) lines.add(*entity);
  for (const auto& item : state.items(story::kPlotPoint)) {
    lines.add("plot point: " + FactLines::on_one_line(item.text), item.entries);
  }
  for (const auto& item : state.items(story::kTheme)) {
    lines.add("theme: " + FactLines::on_one_line(item.text), item.entries);
  }
  for (const auto& entity : state.entities(story::kLocation)) lines.add(entity);
  for (const auto& entity : state.entities(story::kObject)) lines.add(entity);
  return std::move(lines.facts);
}

}  // namespace fabula::dossier
