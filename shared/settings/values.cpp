#include "shared/settings/values.hpp"

#include <algorithm>

#include "shared/settings/table.hpp"
#include "shared/text/integer.hpp"

namespace fabula::settings {
namespace {

// The table's own copy of the name, which outlives the caller's.
std::string_view own_text(const Setting& setting, std::string_view name) {
  if (setting.name == name) return setting.name;
  const auto& older = setting.older_names;
  return *std::find(older.begin(), older.end(), name);
}

}  // namespace

std::optional<std::string_view> Values::find(std::string_view name) {
  auto known = known_.find(name);
  if (known == known_.end()) {
    const auto* setting = settings::find(name);
    if (!setting) return std::nullopt;
    const auto own_name = own_text(*setting, name);
    known = known_.emplace(own_name, environment_(own_name)).first;
  }
  const auto& value = known->second;
  return value && !value->empty() ? std::optional<std::string_view>(*value) : std::nullopt;
}

std::optional<std::string_view> Values::find(const Setting& setting) {
  auto value = find(setting.name);
  for (const auto older : setting.older_names) {
    if (!value && !older.empty()) value = find(older);
  }
  if (value && setting.maximum_bytes > 0 && value->size() > setting.maximum_bytes) {
    note_unusable(setting);
    return std::nullopt;
  }
  return value;
}

void Values::note_unusable(const Setting& setting) {
  if (std::find(unusable_.begin(), unusable_.end(), setting.name) == unusable_.end()) {
    unusable_.push_back(setting.name);
  }
}

std::string_view Values::text(const Setting& setting) {
  return find(setting).value_or(setting.normal);
}

std::int64_t Values::number(const Setting& setting) {
  const auto set = find(setting);
  if (set) {
    const auto value = text::parse_integer(*set);
    if (value && *value >= setting.lowest && *value <= setting.highest) return *value;
    note_unusable(setting);
  }
  return text::parse_integer(setting.normal).value_or(setting.lowest);
}

}  // namespace fabula::settings
