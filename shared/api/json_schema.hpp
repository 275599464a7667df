// Declarations as JSON Schema 2020-12, exact enough that what a generator makes of them is taken,
// and what it makes against them is refused.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shared/api/operation.hpp"
#include "shared/api/schema.hpp"
#include "shared/json/text.hpp"

namespace fabula::api {

// Where a value stands decides what it may be: in a body a null is an absent field, in a query
// there is none, and an answer need not say what only requests are refused for.
enum class SchemaUse : std::uint8_t { body, parameter, answer };

// Writes the schema of one value; with its description, unless it is a parameter, which has it
// itself.
void write_field_schema(json::Writer& writer, const Field& field, SchemaUse use);

// Writes {"$ref": "#/components/schemas/<name>"}.
void write_schema_reference(json::Writer& writer, const Schema& schema);

// A schema of the document's components.
struct NamedSchema {
  const Schema* schema;
  SchemaUse use;
};

// Adds what the operation's body and answer refer to, however deep, unless it is there.
void collect_schemas(std::vector<NamedSchema>& schemas, const Operation& operation);

// Writes the object that a named schema describes.
void write_object_schema(json::Writer& writer, const NamedSchema& named);

}  // namespace fabula::api
