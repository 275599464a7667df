#include "shared/llm/answer/schema_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "shared/json/text.hpp"

namespace fabula::llm {
namespace {

using json::Document;

// Given more errors at once, a model makes new ones.
constexpr std::size_t kMaximumTold = 8;

bool is_whole(const Document& value) {
  if (value.is_number_integer()) return true;
  const auto* real = value.get_ptr<const double*>();
  return real && std::trunc(*real) == *real;
}

bool has_type(const Document& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return is_whole(value);
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  return type == "null" && value.is_null();
}

class SchemaCheck {
 public:
  explicit SchemaCheck(Extent extent) : may_lack_members_(extent == Extent::part) {}

  void value(const Document& value, const Document& schema) {
    if (const auto* type = json::find(schema, "type"); type && !is_one_of(value, *type)) {
      return fault("must be of type " + json::dump(*type));
    }
    const auto* choices = json::find(schema, "enum");
    if (const auto* list = choices ? choices->get_ptr<const Document::array_t*>() : nullptr;
        list && std::find(list->begin(), list->end(), value) == list->end()) {
      return fault("must be one of " + json::dump(*choices));
    }
    if (value.is_object()) members(value, schema);
    if (const auto* elements = value.get_ptr<const Document::array_t*>()) {
      if (const auto* items = json::find(schema, "items")) array(*elements, *items);
    }
  }

  std::vector<FieldError> take() && { return std::move(errors_); }

 private:
  static bool is_one_of(const Document& value, const Document& type) {
    if (const auto* name = type.get_ptr<const std::string*>()) return has_type(value, *name);
    const auto* names = type.get_ptr<const Document::array_t*>();
    return names && std::any_of(names->begin(), names->end(), [&](const Document& each) {
             const auto* name = each.get_ptr<const std::string*>();
             return name && has_type(value, *name);
           });
  }

  void members(const Document& object, const Document& schema) {
    if (const auto* required = json::find(schema, "required"); required && !may_lack_members_) {
      for (const auto& each : *required) {
        const auto* name = each.get_ptr<const std::string*>();
        if (!name || json::find(object, *name)) continue;
        const auto parent_bytes = enter(*name);
        fault("is missing");
        path_.resize(parent_bytes);
      }
    }
    const auto* properties = json::find(schema, "properties");
    const auto* declared = properties ? properties->get_ptr<const Document::object_t*>() : nullptr;
    if (!declared) return;
    for (const auto& [name, property] : *declared) {
      const auto* member = json::find(object, name);
      if (!member) continue;
      const auto parent_bytes = enter(name);
      value(*member, property);
      path_.resize(parent_bytes);
    }
  }

  void array(const Document::array_t& elements, const Document& items) {
    const auto parent_bytes = path_.size();
    const bool may_lack_members = std::exchange(may_lack_members_, false);
    for (std::size_t i = 0; i < elements.size() && errors_.size() < kMaximumTold; ++i) {
      path_ += '[';
      json::append_integer(path_, static_cast<std::int64_t>(i));
      path_ += ']';
      value(elements[i], items);
      path_.resize(parent_bytes);
    }
    may_lack_members_ = may_lack_members;
  }

  std::size_t enter(std::string_view name) {
    const auto parent_bytes = path_.size();
    if (parent_bytes > 0) path_ += '.';
    path_ += name;
    return parent_bytes;
  }

  void fault(std::string message) {
    if (errors_.size() < kMaximumTold) errors_.push_back({path_, std::move(message)});
  }

  bool may_lack_members_;
  std::string path_;
  std::vector<FieldError> errors_;
};

}  // namespace

std::vector<FieldError> check_schema(const Document& document, const Document& schema,
                                     Extent extent) {
  SchemaCheck check(extent);
  check.value(document, schema);
  return std::move(check).take();
}

}  // namespace fabula::llm
