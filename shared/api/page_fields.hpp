// Tables of fields for the page: bodies, queries and answers.
#pragma once

#include <cstdint>
#include <string>

#include "shared/api/schema.hpp"

namespace fabula::api {

enum class FieldsOf : std::uint8_t { request, answer };

// Appends a table of name, type with limits, description; what is nested has paths such as
// `messages[].role`.
void append_fields_table(std::string& out, const Schema& schema, FieldsOf of);

}  // namespace fabula::api
