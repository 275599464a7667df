#include "shared/memory/memory.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shared/dossier/fold/dossier.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/memory/dates.hpp"
#include "shared/memory/ontology.hpp"
#include "shared/memory/words.hpp"

namespace fabula::memory {
namespace {

using dossier::Act;
using dossier::Entry;
using dossier::EntryKind;
using json::Document;

std::vector<std::string> texts_at(const Document& object, std::string_view key) {
  std::vector<std::string> texts;
  const auto* list = json::find(object, key);
  if (list == nullptr || !list->is_array()) return texts;
  for (const auto& item : *list) {
    if (const auto* text = item.get_ptr<const std::string*>()) texts.push_back(*text);
  }
  return texts;
}

// An entry with the members that only memories have.
struct Read {
  Entry entry;
  bool is_off_path = false;
  bool is_forget = false;
  bool pins = false;
  std::string as;
  HashedWords forgotten;
  std::vector<std::string> forgotten_entries;
};

std::optional<Read> read_entry(const LoggedEntry& logged) {
  auto entry = dossier::parse_entry(logged.row, kOntology);
  const auto body = json::parse(logged.row.body);
  if (!entry || !body) return std::nullopt;
  Read read;
  read.entry = std::move(*entry);
  read.is_off_path = logged.is_off_path;
  read.is_forget = json::string_at(*body, "do") == "forget";
  read.pins = json::boolean_at(*body, "pins").value_or(false);
  read.as = json::string_at(*body, "as").value_or("");
  if (read.is_forget) {
    read.forgotten.salt = json::string_at(*body, "salt").value_or("");
    read.forgotten.all = texts_at(*body, "words");
    read.forgotten.names = texts_at(*body, "names");
    std::sort(read.forgotten.all.begin(), read.forgotten.all.end());
    read.forgotten_entries = texts_at(*body, "entries");
  }
  return read;
}

bool comes_before(const Entry& a, const Entry& b) {
  return std::tie(a.at, a.place, a.id) < std::tie(b.at, b.place, b.id);
}

class Fold {
 public:
  explicit Fold(std::span<const LoggedEntry> entries) {
    for (const auto& logged : entries) {
      if (auto read = read_entry(logged)) all_.push_back(std::move(*read));
    }
    std::sort(all_.begin(), all_.end(),
              [](const Read& a, const Read& b) { return comes_before(a.entry, b.entry); });
    // A repeated entry counts once.
    all_.erase(std::unique(all_.begin(), all_.end(),
                           [](const Read& a, const Read& b) { return a.entry.id == b.entry.id; }),
               all_.end());
  }

  Folded result() {
    find_pins();
    drop_forgotten();
    drop_corrected();
    collect();
    merge_wordings();
    return std::move(folded_);
  }

 private:
  static std::string id_of(const Read& read) { return dossier::digest_text(read.entry.id); }

  const Read* find(dossier::Reference reference) const {
    const auto found = std::find_if(all_.begin(), all_.end(), [reference](const Read& read) {
      return read.entry.reference() == reference;
    });
    return found == all_.end() ? nullptr : &*found;
  }

  // The last act on each memory counts.
  void find_pins() {
    for (const auto& read : all_) {
      const bool is_lock = read.entry.act == Act::lock;
      if (!is_lock && read.entry.act != Act::unlock) continue;
      auto id = dossier::reference_text(read.entry.target);
      std::erase(pinned_, id);
      if (is_lock) pinned_.push_back(std::move(id));
    }
  }
  bool is_pinned(const std::string& id) const {
    return std::find(pinned_.begin(), pinned_.end(), id) != pinned_.end();
  }

  // Removes forgotten entries, on the path or not.
  void drop_forgotten() {
    std::vector<HashedWords> forgotten;
    std::vector<std::string> entries;
    for (const auto& read : all_) {
      if (!read.is_forget) continue;
      forgotten.push_back(read.forgotten);
      entries.insert(entries.end(), read.forgotten_entries.begin(), read.forgotten_entries.end());
    }
    std::erase_if(all_, [&](const Read& read) {
      if (read.is_forget) return false;
      bool is_gone = std::find(entries.begin(), entries.end(), id_of(read)) != entries.end();
      if (!is_gone && read.entry.act == Act::item) {
        const auto words = key_words(read.entry.text);
        is_gone = std::any_of(forgotten.begin(), forgotten.end(), [&words](const HashedWords& old) {
          return is_rewording(words, old);
        });
      }
      if (is_gone) folded_.erased.push_back(id_of(read));
      return is_gone;
    });
  }

  // Removes entries that no longer count: off the path, unpinned, or corrected later in other
  // words. The core handles corrections in the same words.
  void drop_corrected() {
    std::erase_if(all_, [this](const Read& read) {
      if (read.pins) return !is_pinned(read.as);
      return read.is_off_path && read.entry.kind == EntryKind::extracted;
    });
    struct Corrected {
      const Read* by;
      std::string value;
      KeyWords words;
    };
    std::vector<Corrected> corrections;
    for (const auto& read : all_) {
      if (!read.entry.corrects || read.entry.corrects->value.empty()) continue;
      const auto& value = read.entry.corrects->value;
      corrections.push_back({&read, dossier::comparable_item(value), key_words(value)});
    }
    std::vector<bool> is_corrected(all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const Read& read = all_[i];
      const bool is_said = read.entry.act == Act::item || read.entry.act == Act::add;
      // Only the user changes pinned memories.
      if (!is_said || read.pins || is_pinned(memory_id(read))) continue;
      const auto value = dossier::comparable_item(read.entry.text);
      const auto words = key_words(read.entry.text);
      is_corrected[i] =
          std::any_of(corrections.begin(), corrections.end(), [&](const Corrected& corrected) {
            return corrected.by->entry.type == read.entry.type &&
                   comes_before(read.entry, corrected.by->entry) &&
                   (value == corrected.value || is_rewording(words, corrected.words));
          });
      if (is_corrected[i]) folded_.outdated.push_back(id_of(read));
    }
    std::vector<Read> kept;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      (is_corrected[i] ? corrected_ : kept).push_back(all_[i]);
    }
    all_ = std::move(kept);
  }

  static std::string memory_id(const Read& read) {
    return read.as.empty() ? dossier::reference_text(read.entry.reference()) : read.as;
  }

  // Collects the core's fold of the remaining entries.
  void collect() {
    dossier::Dossier core(kOntology);
    std::vector<Entry> entries;
    for (const auto& read : all_) entries.push_back(read.entry);
    core.add(std::move(entries));
    const auto& state = core.state();
    for (const auto type : kShown) {
      for (const auto& item : state.items(type)) {
        folded_.memories.push_back(memory_of(item, core));
      }
    }
    std::sort(folded_.memories.begin(), folded_.memories.end(),
              [](const Memory& a, const Memory& b) {
                return std::tie(a.said_at, a.id) < std::tie(b.said_at, b.id);
              });
  }

  Memory memory_of(const dossier::Item& item, const dossier::Dossier& core) const {
    Memory memory;
    memory.type = kOntology.facts(item.type).name;
    memory.text = item.text;
    memory.date = first_date(item.text);
    for (const auto index : item.entries) {
      const Entry& entry = core.entries()[index];
      const Read* read = find(entry.reference());
      if (read == nullptr) continue;
      memory.entries.push_back(id_of(*read));
      memory.said_at = std::max(memory.said_at, read->pins ? 0 : entry.at);
      if (memory.id.empty() || !read->as.empty()) memory.id = memory_id(*read);
      add_replaced(memory, *read);
      if (entry.act == Act::add) {
        memory.is_added |= !read->pins;
        continue;
      }
      if (memory.quote.empty()) {
        memory.quote = entry.quote;
        memory.message_id = entry.message_id;
      }
      if (std::find(memory.message_ids.begin(), memory.message_ids.end(), entry.message_id) ==
          memory.message_ids.end()) {
        memory.message_ids.push_back(entry.message_id);
      }
    }
    if (memory.said_at == 0) memory.said_at = core.entries()[item.entries.front()].at;
    memory.is_by_user = memory.is_added;
    memory.is_pinned = is_pinned(memory.id);
    if (memory.is_added || memory.is_pinned) memory.message_ids.clear();
    return memory;
  }

  // The texts that the entry has corrected, and those that these had corrected before.
  void add_replaced(Memory& memory, const Read& read) const {
    if (!read.entry.corrects || read.entry.corrects->value.empty()) return;
    const auto& value = read.entry.corrects->value;
    auto& texts = memory.replaced;
    if (std::find(texts.begin(), texts.end(), value) != texts.end()) return;
    texts.push_back(value);
    const auto comparable = dossier::comparable_item(value);
    const auto words = key_words(value);
    for (const auto& old : corrected_) {
      if (old.entry.type != read.entry.type) continue;
      if (dossier::comparable_item(old.entry.text) != comparable &&
          !is_rewording(key_words(old.entry.text), words)) {
        continue;
      }
      memory.replaced_entries.push_back(id_of(old));
      add_replaced(memory, old);
    }
  }

  // The same words in another order are one memory, with the words of the first.
  void merge_wordings() {
    std::vector<Memory> merged;
    std::vector<KeyWords> words;
    for (auto& memory : folded_.memories) {
      auto own = key_words(memory.text);
      std::size_t same = 0;
      while (same < merged.size() &&
             (own.all.empty() || merged[same].type != memory.type ||
              merged[same].date != memory.date || words[same].all != own.all)) {
        ++same;
      }
      if (same == merged.size()) {
        merged.push_back(std::move(memory));
        words.push_back(std::move(own));
        continue;
      }
      join(merged[same], memory);
    }
    folded_.memories = std::move(merged);
  }

  static void join(Memory& first, Memory& second) {
    if (second.is_pinned && !first.is_pinned) {
      first.id = second.id;
      first.is_pinned = true;
    }
    first.is_added |= second.is_added;
    first.is_by_user |= second.is_by_user;
    first.said_at = std::max(first.said_at, second.said_at);
    first.entries.insert(first.entries.end(), second.entries.begin(), second.entries.end());
    first.replaced.insert(first.replaced.end(), second.replaced.begin(), second.replaced.end());
    first.replaced_entries.insert(first.replaced_entries.end(), second.replaced_entries.begin(),
                                  second.replaced_entries.end());
    if (first.quote.empty()) {
      first.quote = second.quote;
      first.message_id = second.message_id;
    }
    const bool stands_alone = first.is_added || first.is_pinned;
    if (stands_alone) {
      first.message_ids.clear();
      return;
    }
    for (auto& id : second.message_ids) {
      if (std::find(first.message_ids.begin(), first.message_ids.end(), id) ==
          first.message_ids.end()) {
        first.message_ids.push_back(std::move(id));
      }
    }
  }

  std::vector<Read> all_;
  std::vector<Read> corrected_;
  std::vector<std::string> pinned_;
  Folded folded_;
};

void write_texts(json::Writer& writer, std::string_view key, std::span<const std::string> texts) {
  writer.key(key).begin_array();
  for (const auto& text : texts) writer.string(text);
  writer.end_array();
}

void write_optional(json::Writer& writer, std::string_view key, std::string_view text) {
  writer.key(key);
  if (text.empty()) {
    writer.null();
  } else {
    writer.string(text);
  }
}

}  // namespace

Result<Log> read_log(const Document& document) {
  const auto unexpected = [] {
    return problem(ErrorCode::internal_error, "Something went wrong here. Try again.",
                   "the database's log of a memory is not as it should be");
  };
  Log log;
  const auto id = json::string_at(document, "memory_log_id");
  const auto version = json::integer_at(document, "version");
  const auto* entries = json::find(document, "entries");
  if (!id || !version || entries == nullptr || !entries->is_array()) return unexpected();
  log.memory_log_id = *id;
  log.version = *version;
  for (const auto& item : *entries) {
    const auto assertion_id = json::string_at(item, "assertion_id");
    const auto kind = json::string_at(item, "kind");
    const auto entry_kind = kind ? dossier::entry_kind_named(*kind) : std::nullopt;
    const auto* body = json::find(item, "body");
    if (!assertion_id || !entry_kind || body == nullptr) return unexpected();
    LoggedEntry logged;
    logged.row.id = *assertion_id;
    logged.row.kind = *entry_kind;
    logged.row.message_id = json::string_at(item, "message_id").value_or("");
    logged.row.body = json::dump(*body);
    logged.is_off_path = json::boolean_at(item, "is_off_path").value_or(false);
    log.entries.push_back(std::move(logged));
  }
  return log;
}

std::int64_t last_act_at(std::span<const LoggedEntry> entries) {
  std::int64_t last = 0;
  for (const auto& logged : entries) {
    if (logged.row.kind != EntryKind::user) continue;
    const auto body = json::parse(logged.row.body);
    if (body) last = std::max(last, json::integer_at(*body, "at").value_or(0));
  }
  return last;
}

Folded fold(std::span<const LoggedEntry> entries) { return Fold(entries).result(); }

void write_commit(json::Writer& writer, std::int64_t base, std::span<const dossier::EntryRow> rows,
                  const Folded& folded) {
  writer.key("base").integer(base).key("assertions").begin_array();
  for (const auto& row : rows) dossier::write_row(writer, row);
  writer.end_array();
  write_texts(writer, "erased", folded.erased);
  write_texts(writer, "outdated", folded.outdated);
  writer.key("memories").begin_array();
  for (const auto& memory : folded.memories) {
    writer.begin_object().key("memory_id").string(memory.id);
    writer.key("type").string(memory.type).key("text").string(memory.text);
    write_optional(writer, "date", memory.date);
    writer.key("is_pinned").boolean(memory.is_pinned);
    writer.key("source").string(memory.is_by_user ? "user" : "extracted");
    write_optional(writer, "quote", memory.quote);
    write_optional(writer, "message_id", memory.message_id);
    write_texts(writer, "message_ids", memory.message_ids);
    writer.key("said_at").integer(memory.said_at).end_object();
  }
  writer.end_array();
}

}  // namespace fabula::memory
