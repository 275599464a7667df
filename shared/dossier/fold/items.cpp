#include "shared/dossier/fold/items.hpp"

#include <algorithm>
#include <utility>

#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {
namespace {

struct Saying {
  Type type = Type::none;
  std::vector<EntryIndex> entries;   // entries with this text, in content order
  EntryIndex last_act = kNoEntry;    // a person's last `add` or `remove`
  EntryIndex last_added = kNoEntry;  // a person's last `add`
  bool is_said = false;              // the story says it and has not retracted it
};

class Items {
 public:
  explicit Items(const Log& log) : log_(log) {}

  void take(EntryIndex index) {
    const Entry& entry = log_.entries[index];
    const Links& links = log_.links[index];
    if (!log_.ontology().is_item(entry.type)) return;
    switch (entry.act) {
      case Act::item: {
        if (links.corrected != kNone) take_back(entry.type, links.corrected);
        Saying& group = saying_of(entry.type, links.value);
        group.entries.push_back(index);
        group.is_said = true;
        break;
      }
      case Act::retract:
        take_back(entry.type, links.value);
        break;
      case Act::add: {
        Saying& group = saying_of(entry.type, links.value);
        group.entries.push_back(index);
        group.last_act = index;
        group.last_added = index;
        break;
      }
      case Act::remove:
        saying_of(entry.type, links.value).last_act = index;
        break;
      default:
        break;
    }
  }

  std::vector<Item> shown(std::vector<Status>& statuses) const {
    std::vector<Item> items;
    for (const auto& group : sayings_) {
      const bool is_decided = group.last_act != kNoEntry;
      const bool is_there =
          is_decided ? log_.entries[group.last_act].act == Act::add : group.is_said;
      if (!is_there || group.entries.empty()) {
        for (const auto index : group.entries) statuses[index] = Status::superseded;
        continue;
      }
      Item item;
      item.type = group.type;
      item.id = log_.entries[group.entries.front()].reference();
      const auto worded_by =
          group.last_added != kNoEntry ? group.last_added : group.entries.front();
      item.text = log_.entries[worded_by].text;
      item.entries = group.entries;
      items.push_back(std::move(item));
    }
    std::sort(items.begin(), items.end(), [this](const Item& a, const Item& b) {
      return log_.ranks[a.entries.front()] < log_.ranks[b.entries.front()];
    });
    return items;
  }

 private:
  Saying& saying_of(Type type, std::uint32_t value) {
    const auto key = (static_cast<std::uint64_t>(type) << 32U) | value;
    auto number = numbers_.find(key);
    if (number == kNone) {
      number = static_cast<std::uint32_t>(sayings_.size());
      numbers_.set(key, number);
      sayings_.emplace_back().type = type;
    }
    return sayings_[number];
  }

  void take_back(Type type, std::uint32_t value) { saying_of(type, value).is_said = false; }

  const Log& log_;
  std::vector<Saying> sayings_;
  NumberTable numbers_;
};

}  // namespace

std::vector<Item> find_items(const Log& log, const std::vector<Status>& activity,
                             std::vector<Status>& statuses) {
  Items items(log);
  for (const auto index : log.order) {
    if (activity[index] == Status::shown) items.take(index);
  }
  return items.shown(statuses);
}

}  // namespace fabula::dossier
