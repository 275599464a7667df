#include "shared/dossier/read/history.hpp"

#include <algorithm>

#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/log.hpp"
#include "shared/dossier/log/tables.hpp"
#include "shared/dossier/read/import_source.hpp"
#include "shared/json/text.hpp"
#include "shared/text/timestamps.hpp"

namespace fabula::dossier {
namespace {

struct Change {
  std::string name;
  EntryKind kind = EntryKind::extracted;
  std::int64_t at = 0;
  std::vector<EntryIndex> entries;
};

std::string change_of(const Entry& entry) {
  if (entry.kind == EntryKind::path) return digest_text(entry.id);
  if (entry.kind == EntryKind::extracted) return entry.delivery;
  return entry.operation;
}

void write_optional(json::Writer& writer, std::string_view key, std::string_view text) {
  if (!text.empty()) writer.key(key).string(text);
}

class HistoryWriter {
 public:
  HistoryWriter(Dossier& dossier, std::string& out)
      : dossier_(dossier), state_(dossier.state()), writer_(out) {
    // For each mention the entity that now contains its slot.
    const Log& log = dossier.log();
    targets_.assign(log.slots.size(), 0);
    for (const auto& entities : state_.entities_of) {
      for (const auto& entity : entities) {
        for (const auto mention : entity.mentions) {
          targets_[log.links[mention].slot] = entity.id;
        }
      }
    }
  }

  json::Writer& writer() { return writer_; }

  void write_entries(const std::vector<EntryIndex>& entries) {
    writer_.key("entries").begin_array();
    for (const auto index : entries) write(index);
    writer_.end_array();
  }

 private:
  void write(EntryIndex index) {
    const Entry& entry = dossier_.entries()[index];
    writer_.begin_object().key("entry").string(digest_text(entry.id));
    writer_.key("do").string(name(entry.act));
    if (entry.type != Type::none)
      writer_.key("type").string(dossier_.log().ontology().facts(entry.type).name);
    write_optional(writer_, "target", target_of(index));
    write_optional(writer_, "field", entry.field);
    write_value(entry);
    write_optional(writer_, "quote", entry.quote);
    write_optional(writer_, "message_id", entry.message_id);
    if (const auto source = import_source(entry)) {
      write_import_source(writer_.key("import"), *source);
    }
    writer_.key("status").string(name(state_.statuses[index])).end_object();
  }

  std::string target_of(EntryIndex index) const {
    const Log& log = dossier_.log();
    const Entry& entry = log.entries[index];
    if (entry.target == kSubject || entry.act == Act::story) {
      return std::string(log.ontology().facts(log.ontology().subject).name);
    }
    auto slot = log.links[index].slot;
    if (slot == kNone && entry.target != 0) {
      const auto named = log.find(entry.target);
      if (named != kNone) slot = log.links[named].slot;
    }
    if (slot != kNone && targets_[slot] != 0) return reference_text(targets_[slot]);
    return entry.target != 0 ? reference_text(entry.target) : std::string();
  }

  void write_value(const Entry& entry) {
    if (entry.act == Act::set && !entry.has_value) {
      writer_.key("value").null();
    } else if (entry.act == Act::relation) {
      writer_.key("value").string(entry.relation + ": " + entry.to_name);
    } else if (entry.act == Act::rename) {
      writer_.key("value").string(entry.other);
    } else {
      write_optional(writer_, "value", entry.text);
    }
    if (entry.act == Act::list) writer_.key("is").boolean(entry.is);
  }

  Dossier& dossier_;
  const State& state_;
  json::Writer writer_;
  std::vector<Reference> targets_;
};

// Groups entries by the name from `name_of`, in content order; leaves out those with the name "".
template <class NameOf>
std::vector<Change> group(const Dossier& dossier, NameOf name_of) {
  std::vector<Change> changes;
  TextTable numbers;
  for (const auto index : dossier.content_order()) {
    const Entry& entry = dossier.entries()[index];
    auto name = name_of(entry);
    if (name.empty()) continue;
    const auto number = numbers.intern(name);
    if (number == changes.size()) changes.push_back({std::move(name), entry.kind, entry.at, {}});
    changes[number].entries.push_back(index);
  }
  return changes;
}

}  // namespace

std::string history_json(Dossier& dossier) {
  std::string out;
  HistoryWriter history(dossier, out);
  auto& writer = history.writer();
  const auto& statuses = dossier.state().statuses;
  writer.begin_array();
  for (const auto& change : group(dossier, change_of)) {
    const bool is_undone =
        std::all_of(change.entries.begin(), change.entries.end(),
                    [&](EntryIndex index) { return statuses[index] == Status::undone; });
    writer.begin_object().key("change").string(change.name).key("kind").string(name(change.kind));
    writer.key("at").string(text::format_timestamp(change.at)).key("is_undone").boolean(is_undone);
    history.write_entries(change.entries);
    writer.end_object();
  }
  writer.end_array();
  return out;
}

std::string proposals_json(Dossier& dossier) {
  std::string out;
  HistoryWriter history(dossier, out);
  auto& writer = history.writer();
  const auto& statuses = dossier.state().statuses;
  const auto proposals = group(dossier, [](const Entry& entry) {
    return entry.kind == EntryKind::extracted ? entry.proposal : std::string();
  });
  writer.begin_array();
  for (const auto& proposal : proposals) {
    const auto has = [&](Status status) {
      return std::any_of(proposal.entries.begin(), proposal.entries.end(),
                         [&](EntryIndex index) { return statuses[index] == status; });
    };
    writer.begin_object()
        .key("id")
        .string(proposal.name)
        .key("at")
        .string(text::format_timestamp(proposal.at));
    writer.key("status").string(has(Status::proposed)   ? "proposed"
                                : has(Status::rejected) ? "rejected"
                                                        : "accepted");
    history.write_entries(proposal.entries);
    writer.end_object();
  }
  writer.end_array();
  return out;
}

}  // namespace fabula::dossier
