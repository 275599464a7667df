#include <algorithm>

#include "shared/dossier/fold/decide.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

class ListDecision {
 public:
  ListDecision(Folding& folding, std::uint32_t field, EntryIndex lock,
               std::vector<Element> elements)
      : folding_(folding), log_(folding.log), field_(field), lock_(lock) {
    if (lock == kNoEntry) elements_ = std::move(elements);
  }

  void take(const Event& event) {
    const Entry& entry = log_.entries[event.entry];
    const Links& links = log_.links[event.entry];
    switch (entry.act) {
      case Act::fact:
        if (lock_ != kNoEntry) {
          folding_.statuses[event.entry] = Status::superseded;
          break;
        }
        if (links.corrected != kNone) take_out(links.corrected);
        put_in(links.value, entry.text, event.entry);
        break;
      case Act::retract:
        if (lock_ == kNoEntry) take_out(entry.text.empty() ? kNone : links.value);
        break;
      case Act::add:
        take_part(event);
        break;
      case Act::lock:
        if (event.entry == lock_) take_part(event);
        break;
      case Act::list:
        decided_.shown.decided_by.push_back(event.entry);
        if (lock_ != kNoEntry && log_.ranks[event.entry] < log_.ranks[lock_]) break;
        if (entry.is) {
          put_in(links.value, entry.text, event.entry);
        } else {
          take_out(links.value);
          take_out_entries(entry.entries);
          folding_.statuses[event.entry] = Status::shown;
        }
        said_by_person_.push_back({links.value, event.entry, entry.is, entry.text});
        break;
      default:
        break;
    }
  }

  Decided decide() && {
    // A person's act about a value also applies to later entries with this value.
    for (auto said = said_by_person_.rbegin(); said != said_by_person_.rend(); ++said) {
      const bool is_last = std::none_of(said_by_person_.rbegin(), said, [&](const Said& later) {
        return later.value == said->value;
      });
      if (!is_last) {
        folding_.statuses[said->entry] = Status::superseded;
      } else if (!said->is) {
        take_out(said->value);
        take_out_entries(log_.entries[said->entry].entries);
      } else {
        put_in(said->value, said->text, said->entry);
      }
    }
    std::sort(elements_.begin(), elements_.end(), [this](const Element& a, const Element& b) {
      const auto place = [this](const Element& each) {
        return std::pair(log_.ranks[each.entries.front()], each.place);
      };
      return place(a) < place(b);
    });
    decided_.shown.field = field_;
    decided_.shown.is_list = true;
    decided_.shown.is_locked = lock_ != kNoEntry;
    for (auto& element : elements_) {
      decided_.shown.values.push_back({std::move(element.text), std::move(element.entries)});
    }
    return std::move(decided_);
  }

 private:
  struct Said {
    std::uint32_t value;
    EntryIndex entry;
    bool is;
    std::string_view text;
  };

  void take_part(const Event& event) {
    if (event.part == kNone) return;
    const auto& texts = log_.entries[event.entry].fields[event.part].values;
    const auto& values = log_.parts[event.entry][event.part].values;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].empty()) continue;
      put_in(values[i], texts[i], event.entry);
      if (event.entry != lock_) said_by_person_.push_back({values[i], event.entry, true, texts[i]});
    }
  }

  void put_in(std::uint32_t value, std::string_view text, EntryIndex entry) {
    const bool is_of_person = log_.entries[entry].kind == EntryKind::user;
    for (auto& element : elements_) {
      if (element.value != value) continue;
      if (std::find(element.entries.begin(), element.entries.end(), entry) ==
          element.entries.end()) {
        element.entries.push_back(entry);
      }
      if (is_of_person) element.text = text;
      return;
    }
    const auto place = static_cast<std::uint32_t>(elements_.size());
    elements_.push_back({value, std::string(text), {entry}, place});
  }

  template <class Is>
  void take_out_if(Is is) {
    for (auto& element : elements_) {
      if (!is(element)) continue;
      for (const auto entry : element.entries) {
        const Act act = log_.entries[entry].act;
        if (act == Act::fact || act == Act::relation || act == Act::list) {
          folding_.statuses[entry] = Status::superseded;
        }
      }
      element.entries.clear();
    }
    elements_.erase(std::remove_if(elements_.begin(), elements_.end(),
                                   [](const Element& element) { return element.entries.empty(); }),
                    elements_.end());
  }

  void take_out(std::uint32_t value) {
    take_out_if(
        [value](const Element& element) { return value == kNone || element.value == value; });
  }

  void take_out_entries(const std::vector<Reference>& references) {
    if (references.empty()) return;
    take_out_if([&](const Element& element) {
      return std::any_of(references.begin(), references.end(), [&](Reference reference) {
        const auto entry = log_.find(reference);
        return std::find(element.entries.begin(), element.entries.end(), entry) !=
               element.entries.end();
      });
    });
  }

  Folding& folding_;
  const Log& log_;
  std::uint32_t field_;
  EntryIndex lock_;
  std::vector<Element> elements_;
  std::vector<Said> said_by_person_;
  Decided decided_;
};

}  // namespace

Decided decide_list(Folding& folding, std::uint32_t field, std::span<const Event> events,
                    EntryIndex lock, std::vector<Element> elements) {
  ListDecision decision(folding, field, lock, std::move(elements));
  for (const auto& event : events) decision.take(event);
  return std::move(decision).decide();
}

}  // namespace fabula::dossier
