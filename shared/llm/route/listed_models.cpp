#include "shared/llm/route/listed_models.hpp"

#include <string>

#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

namespace fabula::llm {
namespace {

constexpr std::string_view kEveryModel = "*";

struct ListedEntry {
  std::string_view provider;
  std::string_view model;
};

std::optional<ListedEntry> split_entry(std::string_view entry) {
  const auto text = text::trim(entry);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return ListedEntry{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

bool is_listed(std::string_view models, const RouteEntry& wanted) {
  text::Splitter entries(models, ',');
  while (const auto text = entries.next()) {
    const auto entry = split_entry(*text);
    if (!entry || entry->provider != wanted.provider->name) continue;
    if (entry->model == kEveryModel || entry->model == wanted.model) return true;
  }
  return false;
}

std::optional<RouteEntry> find_listed(std::string_view models, std::string_view name) {
  name = text::trim(name);
  if (name.empty() || name == kEveryModel) return std::nullopt;
  if (const auto full = split_entry(name)) {
    const RouteEntry wanted{find_provider(full->provider), std::string(full->model)};
    if (wanted.provider) {
      const bool is_model = !full->model.empty() && full->model != kEveryModel;
      return is_model && is_listed(models, wanted) ? std::optional(wanted) : std::nullopt;
    }
  }
  const Provider* of_all = nullptr;
  text::Splitter entries(models, ',');
  while (const auto text = entries.next()) {
    const auto entry = split_entry(*text);
    const auto* provider = entry ? find_provider(entry->provider) : nullptr;
    if (!provider) continue;
    if (entry->model == name) return RouteEntry{provider, std::string(name)};
    if (entry->model == kEveryModel && !of_all) of_all = provider;
  }
  if (!of_all) return std::nullopt;
  return RouteEntry{of_all, std::string(name)};
}

}  // namespace fabula::llm
