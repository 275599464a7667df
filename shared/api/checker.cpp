#include "shared/api/checker.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "shared/api/expectation.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/uuid.hpp"

namespace fabula::api {
namespace {

using json::Document;

constexpr std::string_view kNoNul =
    "Send text without the character U+0000, which cannot be stored.";

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// Finds U+0000 in a string or a key at any depth, which is at most json::kMaximumDepth.
bool has_nul_within(const Document& value) {
  if (const auto* text = value.get_ptr<const std::string*>()) return has_nul(*text);
  if (const auto* array = value.get_ptr<const Document::array_t*>()) {
    for (const auto& item : *array) {
      if (has_nul_within(item)) return true;
    }
  } else if (const auto* object = value.get_ptr<const Document::object_t*>()) {
    for (const auto& [key, item] : *object) {
      if (has_nul(key) || has_nul_within(item)) return true;
    }
  }
  return false;
}

// Accepts 7 and 7.0 alike, as JSON Schema does.
std::optional<std::int64_t> whole_number(const Document& value) {
  // 2 to the 53rd: above it doubles are not exact.
  constexpr double kLargestExact = 9007199254740992;
  if (const auto* real = value.get_ptr<const double*>()) {
    if (std::fabs(*real) > kLargestExact || std::trunc(*real) != *real) return std::nullopt;
    return static_cast<std::int64_t>(*real);
  }
  if (const auto* natural = value.get_ptr<const std::uint64_t*>()) {
    constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (*natural > kLargest) return std::nullopt;
    return static_cast<std::int64_t>(*natural);
  }
  if (const auto* integer = value.get_ptr<const std::int64_t*>()) return *integer;
  return std::nullopt;
}

bool is_number_within(const Document& value, const Field& field) {
  double number = 0;
  if (const auto* real = value.get_ptr<const double*>()) {
    number = *real;
  } else if (const auto whole = whole_number(value)) {
    number = static_cast<double>(*whole);
  } else {
    return false;
  }
  return number >= static_cast<double>(field.minimum) &&
         number <= static_cast<double>(field.maximum);
}

// Whether the array that can replace the field is present.
bool is_replaced(const Document& object, const Field& field) {
  if (field.unless.empty()) return false;
  const auto* other = json::find(object, field.unless);
  if (!other || !other->is_array() || other->empty()) return false;
  const auto* own = json::find(object, field.name);
  if (!own || own->is_null()) return true;
  const auto* string = own->get_ptr<const std::string*>();
  return string && text::is_blank(*string) && !has_nul(*string);
}

}  // namespace

void Checker::object(const Document& object, const Schema& schema) {
  writer_.begin_object();
  for (const auto& field : schema.fields) {
    if (!is_replaced(object, field)) member(json::find(object, field.name), field);
  }
  writer_.end_object();
}

void Checker::member(const Document* found, const Field& field) {
  const auto parent_bytes = path_.size();
  if (parent_bytes > 0) path_ += '.';
  path_ += field.name;
  if (found && (field.is_nullable || !found->is_null())) {
    writer_.key(field.name);
    value(*found, field);
  } else if (field.is_required) {
    fault("This field is required. " + expectation(field));
  }
  path_.resize(parent_bytes);
}

void Checker::value(const Document& value, const Field& field) {
  if (value.is_null() && field.is_nullable) {
    writer_.null();
    return;
  }
  switch (field.type) {
    case Type::integer:
      if (const auto number = whole_number(value); number && is_within_limits(*number, field)) {
        writer_.integer(*number);
        return;
      }
      break;
    case Type::number:
      if (is_number_within(value, field)) {
        writer_.raw(json::dump(value));
        return;
      }
      break;
    case Type::boolean:
      if (const auto* boolean = value.get_ptr<const bool*>()) {
        writer_.boolean(*boolean);
        return;
      }
      break;
    case Type::array:
      if (const auto* items = value.get_ptr<const Document::array_t*>();
          items && is_within_limits(static_cast<std::int64_t>(items->size()), field)) {
        array(*items, field);
        return;
      }
      break;
    case Type::text_or_array:
      return text_or_array(value, field);
    case Type::object:
      if (!value.is_object()) break;
      if (field.schema && !field.is_open) {
        object(value, *field.schema);
      } else if (has_nul_within(value)) {
        fault(std::string(kNoNul));
      } else {
        writer_.raw(json::dump(value));
      }
      return;
    default:
      if (const auto* string = value.get_ptr<const std::string*>()) {
        text(*string, field);
        return;
      }
  }
  fault(expectation(field));
}

void Checker::text(const std::string& text, const Field& field) {
  if (field.type == Type::uuid) {
    const auto id = text::normalize_uuid(text);
    if (!id) return fault(expectation(field), FaultKind::id_spelling);
    writer_.string(*id);
  } else if (has_nul(text)) {
    fault(std::string(kNoNul));
  } else if (!takes_text(field, text)) {
    fault(expectation(field));
  } else {
    writer_.string(text);
  }
}

void Checker::array(const Document::array_t& array, const Field& field) {
  Field item;
  item.type = field.schema ? Type::object : field.item;
  item.schema = field.schema;
  const auto parent_bytes = path_.size();
  writer_.begin_array();
  for (std::size_t i = 0; i < array.size(); ++i) {
    path_ += '[';
    json::append_integer(path_, static_cast<std::int64_t>(i));
    path_ += ']';
    value(array[i], item);
    path_.resize(parent_bytes);
  }
  writer_.end_array();
}

void Checker::text_or_array(const Document& value, const Field& field) {
  Field one = field;
  if (const auto* string = value.get_ptr<const std::string*>()) {
    one.maximum = 0;
    if (has_nul(*string)) return fault(std::string(kNoNul));
    if (!takes_text(one, *string)) return fault(expectation(field));
    writer_.string(*string);
    return;
  }
  const auto* items = value.get_ptr<const Document::array_t*>();
  if (!items || !is_within_limits(static_cast<std::int64_t>(items->size()), field)) {
    return fault(expectation(field));
  }
  array(*items, field);
}

Result<std::string> Checker::finish(std::string_view part) && {
  if (!faults_.empty()) return tl::unexpected(std::move(faults_).problem(part));
  return std::move(out_);
}

}  // namespace fabula::api
