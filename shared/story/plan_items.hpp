// Finds the list of items that a model was asked for in its reply, whatever its name and wrapping,
// and the members of an item under the names that models use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::story {

struct PlanItems {
  json::Document around;              // the object that contained the list, or null
  std::vector<json::Document> items;  // only objects, in the order of their numbers
  bool is_truncated = false;          // the reply ended inside the list
};

// `list_names`: possible names of the list, in lower case without separators. A list without a name
// is accepted, too. provider_malformed when the reply has none.
Result<PlanItems> find_plan_items(std::string_view reply,
                                  std::span<const std::string_view> list_names);
std::optional<PlanItems> plan_items_of(const json::Document& document,
                                       std::span<const std::string_view> list_names);

// The first member with one of these names (in lower case without separators), or nullptr.
const json::Document* member(const json::Document& object, std::span<const std::string_view> names);

// A text, a number or a list of texts as one text on one line, without control characters, Markdown
// marks and outer blanks; at most `maximum_bytes`, cut at a word.
std::string text_of(const json::Document* value, std::size_t maximum_bytes);

// A list of texts or of objects with names, or one text with commas, semicolons, lines or bullets
// between the parts (`splits_commas`: also at commas).
std::vector<std::string> texts_of(const json::Document* value, bool splits_commas);

// provider_malformed with these faults in `errors`.
Problem plan_problem(std::vector<FieldError> errors);

}  // namespace fabula::story
