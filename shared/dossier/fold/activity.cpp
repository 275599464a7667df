#include "shared/dossier/fold/activity.hpp"

#include <cstdint>
#include <tuple>

namespace fabula::dossier {
namespace {

// An undo counts unless another one that counts names it. Ids are hashes of the content, so no two
// entries can name each other; if a log has such a circle all the same, none of its entries counts.
std::vector<bool> find_undone(const Log& log) {
  const auto count = log.entries.size();
  std::vector<bool> is_undone(count);
  std::vector<std::uint32_t> open_namers(count);  // undecided undos that name the entry
  std::vector<EntryIndex> undos;
  for (EntryIndex i = 0; i < count; ++i) {
    if (log.entries[i].act != Act::undo) continue;
    undos.push_back(i);
    for (const auto reference : log.entries[i].entries) {
      if (const auto named = log.find(reference); named != kNone) ++open_namers[named];
    }
  }
  std::vector<EntryIndex> ready;
  for (const auto undo : undos) {
    if (open_namers[undo] == 0) ready.push_back(undo);
  }
  std::vector<bool> is_decided(count);
  while (!ready.empty()) {
    const auto undo = ready.back();
    ready.pop_back();
    is_decided[undo] = true;
    for (const auto reference : log.entries[undo].entries) {
      const auto named = log.find(reference);
      if (named == kNone) continue;
      const Act act = log.entries[named].act;
      if (!is_undone[undo] && act != Act::path) is_undone[named] = true;
      if (--open_namers[named] == 0 && act == Act::undo) ready.push_back(named);
    }
  }
  for (const auto undo : undos) {
    if (!is_decided[undo]) is_undone[undo] = true;
  }
  return is_undone;
}

// Keyed by message number.
std::vector<bool> find_off_path(const Log& log) {
  struct Last {
    EntryIndex entry = kNoEntry;
    bool has_left = false;
  };
  std::vector<Last> last(log.messages.size());
  const auto is_later = [&log](EntryIndex entry, EntryIndex than) {
    const Entry& a = log.entries[entry];
    const Entry& b = log.entries[than];
    return std::tie(a.sequence, a.id) > std::tie(b.sequence, b.id);
  };
  const auto note = [&](const std::string& message_id, EntryIndex entry, bool has_left) {
    const auto message = log.messages.find(message_id);
    if (message == kNone) return;
    Last& known = last[message];
    if (known.entry == kNoEntry || is_later(entry, known.entry)) known = {entry, has_left};
  };
  for (EntryIndex i = 0; i < log.entries.size(); ++i) {
    if (log.entries[i].act != Act::path) continue;
    for (const auto& message_id : log.entries[i].left) note(message_id, i, true);
    for (const auto& message_id : log.entries[i].back) note(message_id, i, false);
  }
  std::vector<bool> is_off(last.size());
  for (std::size_t i = 0; i < last.size(); ++i) is_off[i] = last[i].has_left;
  return is_off;
}

enum class Verdict : std::uint8_t { none, accepted, rejected };

// Keyed by proposal number: the last verdict counts.
std::vector<Verdict> find_verdicts(const Log& log, const std::vector<bool>& is_undone) {
  std::vector<Verdict> verdicts(log.proposals.size(), Verdict::none);
  for (const auto i : log.order) {
    const Entry& entry = log.entries[i];
    if (is_undone[i]) continue;
    if (entry.act == Act::accept) verdicts[log.links[i].proposal] = Verdict::accepted;
    if (entry.act == Act::reject) verdicts[log.links[i].proposal] = Verdict::rejected;
  }
  return verdicts;
}

}  // namespace

std::vector<Status> find_activity(const Log& log) {
  const auto is_undone = find_undone(log);
  const auto is_off_path = find_off_path(log);
  const auto verdicts = find_verdicts(log, is_undone);
  std::vector<Status> statuses(log.entries.size(), Status::shown);
  for (EntryIndex i = 0; i < statuses.size(); ++i) {
    const Entry& entry = log.entries[i];
    const Links& links = log.links[i];
    const bool is_proposed = links.proposal != kNone && entry.act < Act::add;
    if (entry.act == Act::unknown) {
      statuses[i] = Status::idle;
    } else if (is_undone[i]) {
      statuses[i] = Status::undone;
    } else if (entry.kind == EntryKind::extracted && is_off_path[links.message]) {
      statuses[i] = Status::off_path;
    } else if (is_proposed && verdicts[links.proposal] != Verdict::accepted) {
      statuses[i] =
          verdicts[links.proposal] == Verdict::rejected ? Status::rejected : Status::proposed;
    }
  }
  return statuses;
}

}  // namespace fabula::dossier
