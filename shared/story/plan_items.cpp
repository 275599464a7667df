#include "shared/story/plan_items.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "shared/json/lone_surrogates.hpp"
#include "shared/llm/answer/json_in_text.hpp"
#include "shared/llm/stream/failure.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kMaximumItems = 200;
constexpr std::size_t kMaximumTexts = 24;
constexpr std::size_t kMaximumListedBytes = 600;
constexpr std::size_t kMaximumNestedObjects = 3;

constexpr auto kNumberNames = std::to_array<std::string_view>(
    {"number", "scenenumber", "scene", "sceneno", "chapternumber", "chapter", "chapterno", "index",
     "id", "no", "nr", "order", "nummer", "numero", "szene", "kapitel"});
constexpr auto kTextNames = std::to_array<std::string_view>(
    {"name", "text", "event", "description", "title", "value", "summary", "content"});

std::string bare_name(std::string_view name) {
  std::string bare;
  for (const char c : name) {
    if (text::is_alphanumeric(c) || (static_cast<unsigned char>(c) & 0x80U) != 0) {
      bare.push_back(text::to_lower(c));
    }
  }
  return bare;
}

bool is_named(std::string_view name, std::span<const std::string_view> names) {
  const auto bare = bare_name(name);
  return std::find(names.begin(), names.end(), bare) != names.end();
}

// The digits of "3", "Scene 3" or "03."; nothing when there are none.
std::optional<std::int64_t> number_in(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  const auto begin = text.find_first_of(kDigits);
  if (begin == std::string_view::npos) return {};
  const auto end = std::min(text.find_first_not_of(kDigits, begin), text.size());
  constexpr std::size_t kMaximumDigits = 6;
  if (end - begin > kMaximumDigits) return {};
  const auto number = text::parse_natural(text.substr(begin, end - begin));
  if (!number) return {};
  return static_cast<std::int64_t>(*number);
}

std::optional<std::int64_t> number_of(const json::Document& item) {
  for (const auto name : kNumberNames) {
    const auto* value = member(item, std::span(&name, 1));
    if (value == nullptr) continue;
    if (value->is_number_float()) {
      const double number = *value->get_ptr<const double*>();
      constexpr double kMost = 1e6;
      if (number >= -kMost && number <= kMost) return static_cast<std::int64_t>(number);
    }
    if (value->is_number_integer()) {
      if (const auto* number = value->get_ptr<const std::int64_t*>()) return *number;
    }
    if (const auto* text = value->get_ptr<const std::string*>()) {
      if (const auto number = number_in(*text)) return number;
    }
  }
  return {};
}

// Sorts by number if all items have a different one; otherwise keeps their order.
void sort_by_number(std::vector<std::pair<std::optional<std::int64_t>, json::Document>>& items) {
  std::set<std::int64_t> numbers;
  for (const auto& [number, item] : items) {
    if (!number || !numbers.insert(*number).second) return;
  }
  std::sort(items.begin(), items.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
}

// Reads an array of objects, or an object whose members are all objects ({"scene_1": {...}}).
std::optional<std::vector<json::Document>> objects_in(const json::Document& value) {
  std::vector<std::pair<std::optional<std::int64_t>, json::Document>> items;
  if (value.is_array()) {
    for (const auto& item : value) {
      if (item.is_object() && items.size() < kMaximumItems)
        items.emplace_back(number_of(item), item);
    }
    if (items.empty() && !value.empty()) return {};
  } else if (value.is_object()) {
    for (const auto& [name, item] : value.items()) {
      if (!item.is_object()) return {};
      const auto number = number_in(name);
      if (items.size() < kMaximumItems) items.emplace_back(number ? number : number_of(item), item);
    }
    if (items.size() < 2) return {};
  } else {
    return {};
  }
  sort_by_number(items);
  std::vector<json::Document> objects;
  objects.reserve(items.size());
  for (auto& [number, item] : items) objects.push_back(std::move(item));
  return objects;
}

std::optional<PlanItems> items_at(const json::Document& document,
                                  std::span<const std::string_view> list_names, std::size_t depth) {
  if (document.is_array()) {
    auto objects = objects_in(document);
    // [{"scenes": [...]}] wraps the list in another one.
    if (objects && objects->size() == 1 && depth < kMaximumNestedObjects) {
      if (member(objects->front(), list_names) != nullptr) {
        return items_at(objects->front(), list_names, depth + 1);
      }
    }
    if (!objects) return {};
    return PlanItems{nullptr, std::move(*objects), false};
  }
  if (!document.is_object()) return {};
  const auto* list = member(document, list_names);
  if (list != nullptr) {
    if (auto objects = objects_in(*list)) return PlanItems{document, std::move(*objects), false};
  }
  if (depth >= kMaximumNestedObjects) return {};
  if (list != nullptr) {
    if (auto inner = items_at(*list, list_names, depth + 1)) return inner;
  }
  for (const auto& [name, value] : document.items()) {
    if (!value.is_object()) continue;
    if (auto inner = items_at(value, list_names, depth + 1)) return inner;
  }
  if (auto objects = objects_in(document)) {
    return PlanItems{document, std::move(*objects), false};
  }
  return {};
}

std::string_view without_thoughts(std::string_view reply) {
  constexpr std::string_view kEnd = "</think>";
  const auto end = reply.rfind(kEnd);
  return end == std::string_view::npos ? reply : reply.substr(end + kEnd.size());
}

bool is_mark(char c) { return c == '*' || c == '_' || c == '#' || c == '`' || c == ' '; }

std::string one_line(std::string_view text, std::size_t maximum_bytes) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_blank = byte <= 0x20 || byte == 0x7F;
    if (!is_blank) {
      line.push_back(c);
    } else if (!line.empty() && line.back() != ' ') {
      line.push_back(' ');
    }
  }
  std::string_view rest = line;
  while (!rest.empty() && is_mark(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && is_mark(rest.back())) rest.remove_suffix(1);
  if (rest.size() > maximum_bytes) {
    rest = text::prefix_bytes(rest, maximum_bytes);
    if (const auto space = rest.rfind(' '); space != std::string_view::npos && space > 0) {
      rest = rest.substr(0, space);
    }
  }
  return text::is_blank(rest) ? std::string() : std::string(rest);
}

std::string_view without_bullet(std::string_view line) {
  line = text::trim(line);
  for (const std::string_view bullet : {"- ", "* ", "• ", "– "}) {
    if (line.starts_with(bullet)) return line.substr(bullet.size());
  }
  const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
  constexpr std::size_t kMostDigits = 2;
  if (digits > 0 && digits <= kMostDigits && digits + 1 < line.size() &&
      (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ') {
    return line.substr(digits + 2);
  }
  return line;
}

void add_text(std::vector<std::string>& texts, std::string_view text) {
  if (texts.size() >= kMaximumTexts) return;
  auto line = one_line(without_bullet(text), kMaximumListedBytes);
  if (!line.empty()) texts.push_back(std::move(line));
}

void add_parts(std::vector<std::string>& texts, std::string_view text, bool splits_commas) {
  const std::string_view separators = splits_commas ? "\n;," : "\n;";
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    add_text(texts, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

const json::Document* member(const json::Document& object,
                             std::span<const std::string_view> names) {
  if (!object.is_object()) return nullptr;
  for (const auto wanted : names) {
    for (const auto& [name, value] : object.items()) {
      if (is_named(name, std::span(&wanted, 1))) return &value;
    }
  }
  return nullptr;
}

std::optional<PlanItems> plan_items_of(const json::Document& document,
                                       std::span<const std::string_view> list_names) {
  return items_at(document, list_names, 0);
}

Result<PlanItems> find_plan_items(std::string_view reply,
                                  std::span<const std::string_view> list_names) {
  reply = without_thoughts(reply);
  std::optional<PlanItems> best;
  // Bare arrays come second: an object's arrays are found with the object.
  for (const char bracket : {'{', '['}) {
    llm::JsonFinder finder(reply, bracket);
    while (const auto found = finder.next()) {
      const auto document = json::parse(json::replace_lone_surrogates(found->text));
      if (!document) continue;
      auto items = plan_items_of(*document, list_names);
      if (!items) continue;
      items->is_truncated = found->is_truncated;
      // A model that thinks aloud shows the format first, and then answers.
      if (!best || items->items.size() > best->items.size()) best = std::move(items);
    }
    if (best && !best->items.empty()) return std::move(*best);
  }
  if (best) return std::move(*best);
  return tl::unexpected(plan_problem(
      {{"", "holds no JSON object with the list \"" + std::string(list_names.front()) + "\""}}));
}

std::string text_of(const json::Document* value, std::size_t maximum_bytes) {
  if (value == nullptr) return {};
  if (const auto* text = value->get_ptr<const std::string*>())
    return one_line(*text, maximum_bytes);
  if (value->is_number()) return json::dump(*value);
  std::string joined;
  for (const auto& text : texts_of(value, false)) {
    if (!joined.empty()) joined.push_back(' ');
    joined += text;
  }
  return one_line(joined, maximum_bytes);
}

std::vector<std::string> texts_of(const json::Document* value, bool splits_commas) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (const auto* text = value->get_ptr<const std::string*>()) {
    add_parts(texts, *text, splits_commas);
    return texts;
  }
  if (!value->is_array() && !value->is_object()) return texts;
  if (value->is_object()) {
    if (const auto* named = member(*value, kTextNames)) {
      if (const auto* text = named->get_ptr<const std::string*>()) add_text(texts, *text);
      return texts;
    }
  }
  for (const auto& item : *value) {
    if (const auto* text = item.get_ptr<const std::string*>()) {
      add_text(texts, *text);
    } else if (const auto* named = member(item, kTextNames)) {
      if (const auto* name = named->get_ptr<const std::string*>()) add_text(texts, *name);
    }
  }
  return texts;
}

Problem plan_problem(std::vector<FieldError> errors) {
  const auto& first = errors.front();
  auto malformed = llm::provider_problem(
      ErrorCode::provider_malformed,
      (first.path.empty() ? "The answer" : first.path) + " " + first.message + ".");
  malformed.errors = std::move(errors);
  return malformed;
}

}  // namespace fabula::story
