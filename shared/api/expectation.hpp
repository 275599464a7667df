// What a field takes: the test, and the sentence that tells it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api {

// "Send a string of at most 200 characters that is not blank."
std::string expectation(const Field& field);

// Whether a number, a text's length or an array's is within the field's limits.
constexpr bool is_within_limits(std::int64_t value, const Field& field) {
  return value >= field.minimum && (field.maximum == 0 || value <= field.maximum);
}

// Whether a string is of the field's type (uuid aside), among its choices and within its limits.
bool takes_text(const Field& field, std::string_view utf8);

}  // namespace fabula::api
