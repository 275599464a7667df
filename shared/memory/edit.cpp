#include "shared/memory/edit.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/dossier/log/field.hpp"
#include "shared/memory/ontology.hpp"
#include "shared/memory/words.hpp"

namespace fabula::memory {
namespace {

using dossier::EntryKind;
using dossier::EntryRow;
using json::Document;
using Members = Document::object_t;

class Draft {
 public:
  explicit Draft(const EditContext& context) : context_(context) {}

  // Returns the id of the resulting memory; "" after a fault.
  std::string add(std::string_view act, Members members) {
    if (problem_) return "";
    members["do"] = act;
    members["at"] = context_.at;
    members["place"] = rows_.size();
    members["operation"] = context_.operation;
    auto row = dossier::make_row(context_.memory_log_id, EntryKind::user, "", members);
    if (!row) {
      problem_ = row.error();
      return "";
    }
    constexpr std::size_t kIdDigits = 16;
    rows_.push_back(std::move(*row));
    return rows_.back().id.substr(0, kIdDigits);
  }

  Rows rows() && {
    if (problem_) return tl::unexpected<Problem>(std::move(*problem_));
    return std::move(rows_);
  }

 private:
  const EditContext& context_;
  std::vector<EntryRow> rows_;
  std::optional<Problem> problem_;
};

tl::unexpected<Problem> no_such_memory() {
  return problem(ErrorCode::not_found,
                 "There is no such memory: list the memories to see which there are.");
}

const Memory* find(const Folded& folded, std::string_view id) {
  const auto found = std::find_if(folded.memories.begin(), folded.memories.end(),
                                  [id](const Memory& memory) { return memory.id == id; });
  return found == folded.memories.end() ? nullptr : &*found;
}

Result<std::string> readable_text(std::string_view text) {
  auto cleaned = dossier::clean_text(text, kMaximumTextBytes);
  if (cleaned.empty() || text.size() > kMaximumTextBytes) {
    return problem(ErrorCode::invalid_request,
                   "text must have 1 to 1000 bytes that say something.");
  }
  return cleaned;
}

}  // namespace

std::vector<Members> forgetting(const Memory& memory, std::string_view salt) {
  auto entries = memory.entries;
  entries.insert(entries.end(), memory.replaced_entries.begin(), memory.replaced_entries.end());
  std::vector<Members> all{forgetting(memory.text, entries, salt)};
  for (const auto& text : memory.replaced) all.push_back(forgetting(text, {}, salt));
  return all;
}

Members forgetting(std::string_view text, const std::vector<std::string>& assertion_ids,
                   std::string_view salt) {
  const auto words = hashed(key_words(text), salt);
  return {{"salt", words.salt},
          {"words", words.all},
          {"names", words.names},
          {"entries", assertion_ids}};
}

Rows add(const Folded& folded, std::string_view type, std::string_view text, bool is_pinned,
         const EditContext& context) {
  auto cleaned = readable_text(text);
  if (!cleaned) return tl::unexpected<Problem>(std::move(cleaned.error()));
  const auto words = dossier::comparable_item(*cleaned);
  const auto same =
      std::find_if(folded.memories.begin(), folded.memories.end(), [&](const Memory& memory) {
        return memory.type == type && dossier::comparable_item(memory.text) == words;
      });
  Members members{{"type", type}, {"text", *cleaned}};
  if (same != folded.memories.end()) members["as"] = same->id;
  Draft draft(context);
  const auto own_id = draft.add("add", std::move(members));
  const auto& id = same == folded.memories.end() ? own_id : same->id;
  if (is_pinned) draft.add("lock", {{"target", id}});
  return std::move(draft).rows();
}

Rows change(const Folded& folded, std::string_view id, const Change& change,
            const EditContext& context) {
  const Memory* memory = find(folded, id);
  if (memory == nullptr) return no_such_memory();
  auto text = readable_text(change.text.value_or(memory->text));
  if (!text) return tl::unexpected<Problem>(std::move(text.error()));
  const auto type = change.type.value_or(memory->type);
  const bool is_corrected = *text != memory->text || type != memory->type;
  const bool is_pinned = change.is_pinned.value_or(memory->is_pinned);
  Draft draft(context);
  if (is_corrected) {
    for (auto& members : forgetting(*memory, context.operation)) {
      draft.add("forget", std::move(members));
    }
    draft.add("add", {{"type", type}, {"text", *text}, {"as", id}});
  } else if (is_pinned && !memory->is_pinned && !memory->is_added) {
    draft.add("add", {{"type", type}, {"text", *text}, {"as", id}, {"pins", true}});
  }
  if (is_pinned != memory->is_pinned) {
    draft.add(is_pinned ? "lock" : "unlock", {{"target", id}});
  }
  return std::move(draft).rows();
}

Rows forget(const Folded& folded, std::string_view id, const EditContext& context) {
  const Memory* memory = find(folded, id);
  if (memory == nullptr) return no_such_memory();
  Draft draft(context);
  for (auto& members : forgetting(*memory, context.operation)) {
    draft.add("forget", std::move(members));
  }
  return std::move(draft).rows();
}

}  // namespace fabula::memory
