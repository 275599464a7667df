#include <array>
#include <utility>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/edit/edit.hpp"
#include "shared/dossier/log/log.hpp"
#include "shared/dossier/log/tables.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

struct Standing {
  bool is_known = false;
  bool has_open = false;      // some entries are hidden because nobody has accepted them
  bool has_accepted = false;  // some entries are not rejected
};

// The standing of each proposal, by its number in `wanted`.
std::vector<Standing> standings(Dossier& dossier, const TextTable& wanted) {
  std::vector<Standing> found(wanted.size());
  const auto& statuses = dossier.state().statuses;
  for (EntryIndex i = 0; i < dossier.entries().size(); ++i) {
    const Entry& entry = dossier.entries()[i];
    if (entry.kind != EntryKind::extracted || entry.proposal.empty()) continue;
    const auto number = wanted.find(entry.proposal);
    if (number == kNone) continue;
    auto& standing = found[number];
    standing.is_known = true;
    standing.has_open =
        standing.has_open || statuses[i] == Status::proposed || statuses[i] == Status::rejected;
    standing.has_accepted = standing.has_accepted || statuses[i] != Status::rejected;
  }
  return found;
}

Rows decide_proposal(Dossier& dossier, std::string_view proposal, Act act,
                     const EditContext& context) {
  TextTable wanted;
  wanted.intern(proposal);
  const auto standing = standings(dossier, wanted).front();
  if (!standing.is_known) {
    return problem(ErrorCode::not_found,
                   "There is no such proposal: use an id from the dossier's proposals.");
  }
  const bool has_to_change = act == Act::accept ? standing.has_open : standing.has_accepted;
  if (!has_to_change) return std::vector<EntryRow>();
  Draft draft(dossier, context);
  draft.add(act, {{"proposal", proposal}});
  return std::move(draft).rows();
}

struct NamedDecisions {
  std::string_view name;  // the request's member
  Act act;
  std::span<const std::string> proposals;
};

}  // namespace

Rows accept(Dossier& dossier, std::string_view proposal, const EditContext& context) {
  return decide_proposal(dossier, proposal, Act::accept, context);
}

Rows reject(Dossier& dossier, std::string_view proposal, const EditContext& context) {
  return decide_proposal(dossier, proposal, Act::reject, context);
}

Rows decide(Dossier& dossier, std::span<const std::string> accepted,
            std::span<const std::string> rejected, const EditContext& context) {
  const std::array<NamedDecisions, 2> decisions{
      {{"accept", Act::accept, accepted}, {"reject", Act::reject, rejected}}};
  Problem unknown(
      ErrorCode::not_found,
      "Some of these are no proposals of this dossier, so nothing was decided: `errors` "
      "names them.",
      "");
  Problem twice(ErrorCode::invalid_request,
                "Some proposals are named twice, so nothing was decided: `errors` names them.", "");
  TextTable wanted;
  for (const auto& list : decisions) {
    for (const auto& proposal : list.proposals) wanted.intern(proposal);
  }
  const auto found = standings(dossier, wanted);
  std::vector<bool> is_named(found.size());
  Draft draft(dossier, context);
  for (const auto& list : decisions) {
    for (std::size_t i = 0; i < list.proposals.size(); ++i) {
      const auto number = wanted.find(list.proposals[i]);
      const auto& standing = found[number];
      const auto path =
          std::string(list.name) + '[' + text::integer_text(static_cast<std::int64_t>(i)) + ']';
      if (!standing.is_known) {
        unknown.errors.push_back({path, "is no proposal of this dossier"});
      } else if (is_named[number]) {
        twice.errors.push_back({path, "has been named before: decide on it once"});
      } else if (list.act == Act::accept ? standing.has_open : standing.has_accepted) {
        draft.add(list.act, {{"proposal", list.proposals[i]}});
      }
      is_named[number] = true;
    }
  }
  if (!twice.errors.empty()) return tl::unexpected<Problem>(std::move(twice));
  if (!unknown.errors.empty()) return tl::unexpected<Problem>(std::move(unknown));
  return std::move(draft).rows();
}

}  // namespace fabula::dossier
