#include <algorithm>
#include <array>
#include <utility>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/edit/edit.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {
namespace {

constexpr std::array<std::string_view, 4> kReasons{"change", "error", "two_people", "unreliable"};
constexpr std::size_t kMaximumSeen = 500;

// The acts of persons that currently decide a question's field.
std::vector<EntryIndex> decided_by(Dossier& dossier, const Question& question) {
  const auto* entity = question.target == kSubject ? nullptr : dossier.entity(question.target);
  const auto& fields = entity ? entity->fields : dossier.state().subject;
  for (const auto& field : fields) {
    if (field.field == question.field) return field.decided_by;
  }
  return {};
}

Rows resolve_name(Dossier& dossier, const Question& question, const Resolution& resolution,
                  const EditContext& context) {
  std::vector<std::string> ids;
  for (const auto index : question.entries) {
    ids.push_back(reference_text(dossier.entries()[index].reference()));
  }
  if (!resolution.choose.empty()) return merge_characters(dossier, ids, true, context);
  if (resolution.dismiss == "two_people") return merge_characters(dossier, ids, false, context);
  Draft draft(dossier, context);
  draft.add(Act::resolve, {{"question", reference_text(question.id)}});
  return std::move(draft).rows();
}

}  // namespace

Rows resolve(Dossier& dossier, std::string_view question_id, const Resolution& resolution,
             const EditContext& context) {
  const auto reference = parse_reference(question_id);
  const auto& questions = dossier.state().questions;
  const auto at = std::find_if(questions.begin(), questions.end(), [&](const Question& each) {
    return reference && each.id == *reference;
  });
  if (at == questions.end()) {
    return problem(ErrorCode::not_found,
                   "There is no such question, or it is not open any more: read the questions.");
  }
  const Question question = *at;
  const auto chosen = parse_reference(resolution.choose);
  const auto chosen_entry = chosen ? dossier.find(*chosen) : kNoEntry;
  const bool is_choice =
      resolution.choose.empty() ||
      std::find(question.seen.begin(), question.seen.end(), chosen_entry) != question.seen.end();
  const bool is_reason =
      resolution.dismiss.empty() ||
      std::find(kReasons.begin(), kReasons.end(), resolution.dismiss) != kReasons.end();
  if (!is_choice || !is_reason) {
    return problem(ErrorCode::invalid_request,
                   "choose must be an entry of the question's values, dismiss one of change, "
                   "error, two_people and unreliable.");
  }
  if (question.kind == QuestionKind::ambiguous_name) {
    return resolve_name(dossier, question, resolution, context);
  }
  Draft draft(dossier, context);
  if (question.kind == QuestionKind::asked) {
    // The story's own question is answered, so it is no longer an item.
    draft.add(Act::remove, {{"target", reference_text(question.id)},
                            {"type", story::name(story::kOpenQuestion)},
                            {"text", question.text}});
    return std::move(draft).rows();
  }
  const auto* entity = question.target == kSubject ? nullptr : dossier.entity(question.target);
  auto members = entity ? about(dossier, *entity) : about_story();
  members["question"] = reference_text(question.id);
  members["field"] = dossier.field_name(question.field);
  members["entries"] = references(dossier, question.seen, kMaximumSeen);
  if (chosen_entry != kNoEntry) {
    members["choose"] = reference_text(*chosen);
    members["replaces"] = references(dossier, decided_by(dossier, question), kMaximumSeen);
  }
  if (!resolution.dismiss.empty()) members["dismiss"] = resolution.dismiss;
  draft.add(Act::resolve, std::move(members));
  return std::move(draft).rows();
}

}  // namespace fabula::dossier
