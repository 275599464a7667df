#include "shared/dossier/read/told_facts.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "generated/prompts.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/json/text.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

// The beginning of a long description has the most important facts.
constexpr std::size_t kMaximumValueBytes = 600;
constexpr std::size_t kMaximumPlotPoints = 16;
// A fact from many messages names only the first ones.
constexpr std::size_t kMaximumFactsOfPart = 3;
constexpr std::size_t kMaximumFacts = 600;

struct Part {
  std::string text;
  std::vector<EntryIndex> entries;
};

// Puts a value on one line, because each line is one fact.
std::string one_line(std::string_view value) {
  const auto kept = text::prefix_bytes(value, kMaximumValueBytes);
  std::string line(kept);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  if (kept.size() < value.size()) line.append("...");
  return line;
}

std::string spoken(std::string_view field) {
  std::string name(field);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

class Lines {
 public:
  Lines(Dossier& dossier, std::size_t budget_bytes)
      : dossier_(dossier), budget_bytes_(budget_bytes), writer_(lines_) {
    writer_.begin_array();
  }

  void add(std::vector<Part> parts) {
    std::string line = "- ";
    std::size_t kept = 0;
    // A line that is too long is cut at its end.
    for (; kept < parts.size(); ++kept) {
      if (text_.size() + line.size() + parts[kept].text.size() + 1 > budget_bytes_) break;
      line.append(parts[kept].text);
    }
    if (kept == 0 || ids_.size() >= kMaximumFacts) return;
    parts.resize(kept);
    if (!text_.empty()) text_.push_back('\n');
    text_.append(line);
    writer_.begin_object().key("parts").begin_array();
    for (const auto& part : parts) write(part);
    writer_.end_array().end_object();
  }

  std::string take() {
    writer_.end_array();
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
    std::string json;
    json::Writer writer(json);
    writer.begin_object().key("text").string(text_).key("fact_ids").begin_array();
    for (const auto& id : ids_) writer.string(id);
    writer.end_array().key("lines").raw(lines_).end_object();
    return json;
  }

 private:
  void write(const Part& part) {
    writer_.begin_object().key("text").string(part.text).key("facts").begin_array();
    const auto count = std::min(part.entries.size(), kMaximumFactsOfPart);
    for (std::size_t i = 0; i < count; ++i) {
      const Entry& entry = dossier_.entries()[part.entries[i]];
      auto id = digest_text(entry.id);
      writer_.begin_array().string(id);
      if (entry.message_id.empty()) {
        writer_.null();
      } else {
        writer_.string(entry.message_id);
      }
      writer_.end_array();
      ids_.push_back(std::move(id));
    }
    writer_.end_array().end_object();
  }

  Dossier& dossier_;
  std::size_t budget_bytes_;
  std::string text_;
  std::string lines_;
  json::Writer writer_;
  std::vector<std::string> ids_;
};

void add_fields(std::vector<Part>& parts, Dossier& dossier, const std::vector<ShownField>& fields) {
  for (const auto& field : fields) {
    if (field.field == field::kName) continue;
    for (const auto& value : field.values) {
      std::string text = "; ";
      // Relationships need no label.
      if (field.field == field::kAliases) {
        text.append("also called ");
      } else if (field.field != story::kRelationships) {
        text.append(spoken(dossier.field_name(field.field))).append(": ");
      }
      parts.push_back({text.append(one_line(value.text)), value.entries});
    }
  }
}

void add_entity(Lines& lines, Dossier& dossier, std::string_view what, const Entity& entity) {
  std::vector<Part> parts;
  parts.push_back({std::string(what).append(": ").append(one_line(entity.name)), entity.mentions});
  add_fields(parts, dossier, entity.fields);
  lines.add(std::move(parts));
}

void add_questions(Lines& lines, const State& state) {
  for (const auto& question : state.questions) {
    auto line =
        std::string(prompts::kToldFactsUndecided).append(" ").append(one_line(question.text));
    if (question.kind == QuestionKind::contradiction || question.kind == QuestionKind::challenge) {
      line.append(" ").append(prompts::kToldFactsContradiction);
    }
    lines.add({{std::move(line), question.entries}});
  }
}

// Adds the elements that every story needs and this one lacks; nothing for a story that has not
// begun, whose companion has instructions to ask anyway.
void add_missing(Lines& lines, const State& state) {
  std::string missing;
  const auto lacks = [&missing](bool is_there, std::string_view what) {
    if (!is_there) missing.append(missing.empty() ? "" : ", ").append(what);
  };
  const auto has_field = [](const std::vector<ShownField>& fields, std::uint32_t wanted) {
    return std::any_of(fields.begin(), fields.end(), [wanted](const ShownField& field) {
      return field.field == wanted && !field.values.empty();
    });
  };
  const auto& people = state.entities(story::kCharacter);
  lacks(!people.empty(), prompts::kToldFactsLacksPeople);
  lacks(!state.entities(story::kLocation).empty(), prompts::kToldFactsLacksPlaces);
  lacks(!state.items(story::kPlotPoint).empty(), prompts::kToldFactsLacksPlot);
  lacks(people.empty() || std::any_of(people.begin(), people.end(),
                                      [&](const Entity& person) {
                                        return has_field(person.fields, story::kCharacterArc);
                                      }),
        prompts::kToldFactsLacksArc);
  lacks(std::any_of(state.subject.begin(), state.subject.end(),
                    [](const ShownField& field) {
                      return field.field > story::kTitle && !field.values.empty();
                    }),
        prompts::kToldFactsLacksGenre);
  if (missing.empty()) return;
  lines.add({{prompts::filled(prompts::kToldFacts, {{"missing", missing}}), {}}});
}

bool is_empty(const State& state) {
  return state.entities(story::kCharacter).empty() && state.entities(story::kLocation).empty() &&
         state.entities(story::kObject).empty() && state.items(story::kTheme).empty() &&
         state.items(story::kPlotPoint).empty() && state.questions.empty() && state.subject.empty();
}

}  // namespace

std::string told_facts_json(Dossier& dossier, std::size_t budget_bytes) {
  const State& state = dossier.state();
  Lines lines(dossier, budget_bytes);
  if (is_empty(state)) return lines.take();
  add_questions(lines, state);
  add_missing(lines, state);
  for (const auto& field : state.subject) {
    for (const auto& value : field.values) {
      auto text = spoken(dossier.field_name(field.field)).append(": ").append(one_line(value.text));
      lines.add({{std::move(text), value.entries}});
    }
  }
  std::vector<const Entity*> people;
  for (const auto& person : state.entities(story::kCharacter)) people.push_back(&person);
  std::sort(people.begin(), people.end(), [](const Entity* one, const Entity* other) {
    if (one->mentions.size() != other->mentions.size()) {
      return one->mentions.size() > other->mentions.size();
    }
    return one < other;  // the order of first appearance
  });
  for (const auto* person : people) add_entity(lines, dossier, "character", *person);
  const auto& plot = state.items(story::kPlotPoint);
  for (std::size_t i = plot.size() - std::min(plot.size(), kMaximumPlotPoints); i < plot.size();
       ++i) {
    lines.add({{"plot: " + one_line(plot[i].text), plot[i].entries}});
  }
  for (const auto& place : state.entities(story::kLocation))
    add_entity(lines, dossier, "place", place);
  for (const auto& object : state.entities(story::kObject))
    add_entity(lines, dossier, "object", object);
  for (const auto& theme : state.items(story::kTheme)) {
    lines.add({{"theme: " + one_line(theme.text), theme.entries}});
  }
  return lines.take();
}

}  // namespace fabula::dossier
