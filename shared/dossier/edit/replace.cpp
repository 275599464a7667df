#include <utility>

#include "shared/dossier/edit/edit.hpp"
#include "shared/dossier/edit/replacing.hpp"
#include "shared/dossier/read/snapshot.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

// An edit such as a new name may change which things are the same, which changes what is shown, and
// so on: after this many rounds the remaining differences stay.
constexpr int kMaximumPasses = 4;

}  // namespace

Rows Replacing::make() && {
  identities_.note_all(preview());
  if (const auto fault = match(); !fault.path.empty()) {
    Problem wrong(ErrorCode::invalid_request, "The dossier has no such thing: see errors.", "");
    wrong.errors.push_back(fault);
    return tl::unexpected<Problem>(std::move(wrong));
  }
  remove_left_out();
  add_new();
  for (int pass = 0; pass < kMaximumPasses; ++pass) {
    const auto count = draft_.row_count();
    identities_.keep(draft_);
    draft_.next_pass();
    change_things();
    change_items();
    if (pass == 0) change_questions();
    change_fields(draft_.preview().state().subject, wanted_.story, about_story());
    if (draft_.has_failed() || (draft_.row_count() == count && pass > 0)) break;
  }
  return std::move(draft_).rows();
}

Rows replace(Dossier& dossier, const Document& snapshot, const EditContext& context) {
  auto wanted = parse_wanted(snapshot);
  if (!wanted) return tl::unexpected<Problem>(wanted.error());
  return Replacing(dossier, std::move(*wanted), true, context).make();
}

Rows merge(Dossier& dossier, const Document& changes, const EditContext& context) {
  auto wanted = parse_wanted(changes);
  if (!wanted) return tl::unexpected<Problem>(wanted.error());
  return Replacing(dossier, std::move(*wanted), false, context).make();
}

Rows restore(Dossier& dossier, Dossier& old, const EditContext& context) {
  const auto snapshot = json::parse(snapshot_json(old));
  if (!snapshot) return tl::unexpected<Problem>(snapshot.error());
  return replace(dossier, *snapshot, context);
}

}  // namespace fabula::dossier
