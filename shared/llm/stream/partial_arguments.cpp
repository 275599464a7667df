#include "shared/llm/stream/partial_arguments.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shared/json/scanner.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"

namespace fabula::llm {
namespace {

using json::Document;

constexpr std::size_t kMaximumBytes = std::size_t{1} << 20;
constexpr std::size_t kMaximumValues = 16'384;

// One step of a path: `.name`, `['name']`, `["name"]` or `[3]`.
struct Step {
  std::string name;
  std::optional<std::uint64_t> index;
};

// Removes a quoted text, with its quotes, from the front of `text`, and unescapes it.
bool take_quoted(std::string_view& text, std::string& name) {
  std::size_t end = 1;
  while (end < text.size() && text[end] != text.front()) end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return false;
  json::append_unescaped(name, {.contents = text.substr(1, end - 1), .has_escapes = true});
  text.remove_prefix(end + 1);
  return true;
}

bool take_bracketed(std::string_view& path, Step& step) {
  path.remove_prefix(1);
  if (path.empty()) return false;
  if (path.front() == '\'' || path.front() == '"') {
    if (!take_quoted(path, step.name)) return false;
  } else {
    const auto digits = path.substr(0, path.find(']'));
    step.index = text::parse_natural(digits);
    if (!step.index) return false;
    path.remove_prefix(digits.size());
  }
  if (path.empty() || path.front() != ']') return false;
  path.remove_prefix(1);
  return true;
}

bool take_step(std::string_view& path, Step& step) {
  if (path.front() == '[') return take_bracketed(path, step);
  if (path.front() != '.') return false;
  path.remove_prefix(1);
  step.name = path.substr(0, path.find_first_of(".["));
  path.remove_prefix(step.name.size());
  return !step.name.empty();
}

Document* number_or_boolean(Document& partial) {
  for (const auto* const member : {"numberValue", "boolValue"}) {
    auto* const value = json::find(partial, member);
    if (value && (value->is_number() || value->is_boolean())) return value;
  }
  return nullptr;
}

}  // namespace

void PartialArguments::assign(Document arguments) {
  root_ = std::move(arguments);
  bytes_ = 0;
  values_ = 0;
}

bool PartialArguments::add(Document&& partial) {
  const auto text = json::string_at(partial, "stringValue");
  auto* const scalar = number_or_boolean(partial);
  if (!text && !scalar && !json::find(partial, "nullValue")) return true;

  const auto path = json::string_at(partial, "jsonPath").value_or("");
  bytes_ += path.size() + text.value_or("").size();
  auto* const at = bytes_ <= kMaximumBytes ? place(path) : nullptr;
  if (!at) return false;
  if (!text) {
    *at = scalar ? std::move(*scalar) : Document();
  } else if (auto* const begun = at->get_ptr<std::string*>()) {
    *begun += *text;
  } else {
    *at = std::string(*text);
  }
  return true;
}

Document* PartialArguments::place(std::string_view path) {
  if (path.substr(0, 2) != "$." && path.substr(0, 2) != "$[") return nullptr;
  path.remove_prefix(1);
  Document* at = &root_;
  for (std::size_t depth = 1; at && !path.empty(); ++depth) {
    Step step;
    if (depth == json::kMaximumDepth || !take_step(path, step)) return nullptr;
    if (step.index) {
      // The arguments themselves stay an object, whatever a path says.
      if (at == &root_) return nullptr;
      at = element(*at, *step.index);
    } else {
      at = member(*at, std::move(step.name));
    }
  }
  return at;
}

Document* PartialArguments::member(Document& parent, std::string name) {
  if (!parent.is_object()) parent = Document::object_t();
  auto& members = *parent.get_ptr<Document::object_t*>();
  const auto there = members.find(name);
  if (there != members.end()) return &there->second;
  if (++values_ > kMaximumValues) return nullptr;
  return &members.insert_or_assign(std::move(name), nullptr).first->second;
}

Document* PartialArguments::element(Document& parent, std::uint64_t index) {
  if (!parent.is_array()) parent = Document::array_t();
  auto& elements = *parent.get_ptr<Document::array_t*>();
  while (elements.size() <= index) {
    if (++values_ > kMaximumValues) return nullptr;
    elements.push_back(nullptr);
  }
  return &elements[static_cast<std::size_t>(index)];
}

}  // namespace fabula::llm
