// The values that a field accepts: the test, and the sentence that describes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// "Send a string of at most 200 characters that is not blank."
std::string expectation(const Field& field);

// Whether a number, or the length of a text or an array, is within the field's limits.
constexpr bool is_within_limits(std::int64_t value, const Field& field) {
  return value >= field.minimum && (field.maximum == 0 || value <= field.maximum);
}

// Whether a string fits the field's type (except uuid), choices and limits.
bool takes_text(const Field& field, std::string_view utf8);

}  // namespace fabula::api
