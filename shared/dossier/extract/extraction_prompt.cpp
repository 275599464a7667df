#include "shared/dossier/extract/extraction_prompt.hpp"

#include <array>

#include "generated/prompts.hpp"

namespace fabula::dossier {
namespace {

// The texts may contain any other separator, so a line that no story contains separates them; their
// content is never an instruction.
constexpr std::string_view kBegin = "\n<<<\n";
constexpr std::string_view kEnd = "\n>>>\n";

void append_part(std::string& out, const SpokenPart& part) {
  if (!part.speaker.empty()) {
    const bool is_model = part.speaker == "assistant";
    out.append("\n").append(is_model ? prompts::kExtractionQuestionModel
                                     : prompts::kExtractionQuestionPerson);
  }
  out.append(kBegin).append(part.text).append(kEnd);
}

// Collects lines until the budget is spent.
class Lines {
 public:
  explicit Lines(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  void add(std::string_view line) {
    if (line.size() + 1 > budget_bytes_ - text_.size()) return;
    text_.append(line).push_back('\n');
  }
  std::string take() { return std::move(text_); }

 private:
  std::size_t budget_bytes_;
  std::string text_;
};

constexpr std::size_t kMaximumKnownAliases = 6;
// Enough to distinguish two people with one name.
constexpr std::size_t kMaximumKnownFields = 3;
constexpr std::size_t kMaximumKnownValueBytes = 80;

std::string entity_line(Dossier& dossier, std::string_view what, const Entity& entity) {
  std::string line(what);
  line.append(": ").append(entity.name);
  const auto aliases = dossier.field_named("aliases");
  const auto name = dossier.field_named("name");
  std::size_t shown = 0;
  if (const auto* field = entity.find(aliases)) {
    for (const auto& value : field->values) {
      if (shown == kMaximumKnownAliases) break;
      line.append(shown == 0 ? " (also: " : "; ").append(value.text);
      ++shown;
    }
    if (shown > 0) line.push_back(')');
  }
  shown = 0;
  for (const auto& field : entity.fields) {
    if (field.is_list || field.field == name || field.values.empty()) continue;
    if (field.values.front().text.size() > kMaximumKnownValueBytes) continue;
    if (shown++ == kMaximumKnownFields) break;
    line.append(", ").append(dossier.field_name(field.field)).append(" ");
    line.append(field.values.front().text);
  }
  return line;
}

}  // namespace

std::string_view extraction_instructions() { return prompts::kExtraction.text; }
std::string_view extraction_prompt_label() { return prompts::kExtraction.label; }

std::string extraction_question(std::string_view known, std::span<const SpokenPart> before,
                                std::span<const SpokenPart> parts) {
  const auto nothing = std::string(prompts::kExtractionQuestionNothing).append("\n");
  std::string read;
  if (!before.empty()) read.append("\n").append(prompts::kExtractionQuestionBefore).append("\n");
  for (const auto& part : before) append_part(read, part);
  std::string unread;
  for (const auto& part : parts) append_part(unread, part);
  return prompts::filled(
      prompts::kExtractionQuestion,
      {{"known", known.empty() ? nothing : known}, {"before", read}, {"parts", unread}});
}

std::string known_lines(Dossier& dossier, std::size_t budget_bytes) {
  const State& state = dossier.state();
  Lines lines(budget_bytes);
  for (const auto& entity : state.entities(story::kCharacter)) {
    lines.add(entity_line(dossier, "character", entity));
  }
  for (const auto& entity : state.entities(story::kLocation))
    lines.add(entity_line(dossier, "location", entity));
  for (const auto& entity : state.entities(story::kObject))
    lines.add(entity_line(dossier, "object", entity));
  for (const auto& field : state.subject) {
    if (field.values.empty()) continue;
    lines.add(std::string("story: ")
                  .append(dossier.field_name(field.field))
                  .append(" ")
                  .append(field.values.front().text));
  }
  for (const auto& theme : state.items(story::kTheme)) lines.add("theme: " + theme.text);
  // The newest are the most likely to be changed.
  for (auto at = state.items(story::kPlotPoint).rbegin();
       at != state.items(story::kPlotPoint).rend(); ++at) {
    lines.add("plot point: " + at->text);
  }
  for (const auto& question : state.questions) {
    if (question.kind == QuestionKind::asked) lines.add("open question: " + question.text);
  }
  return lines.take();
}

}  // namespace fabula::dossier
