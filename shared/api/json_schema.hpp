// Declarations as JSON Schema 2020-12, exact enough that the server accepts what a generator makes
// from them and refuses what it makes against them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shared/api/operation.hpp"
#include "shared/api/schema.hpp"
#include "shared/json/text.hpp"

namespace fabula::api {

// The place of a value decides its schema: a null in a body is an absent field, a query
// has no nulls, and an answer's schema leaves out the limits that only requests have.
enum class SchemaUse : std::uint8_t { body, parameter, answer };

// Writes the schema of one value. Its description is included, except for a parameter, which has
// the description itself.
void write_field_schema(json::Writer& writer, const Field& field, SchemaUse use);

// Writes {"$ref": "#/components/schemas/<name>"}.
void write_schema_reference(json::Writer& writer, const Schema& schema);

// A schema in the document's components.
struct NamedSchema {
  const Schema* schema;
  SchemaUse use;
};

// Adds all schemas that the operation's body and answer refer to, at any depth, once each.
void collect_schemas(std::vector<NamedSchema>& schemas, const Operation& operation);

// Writes the object that a named schema describes.
void write_object_schema(json::Writer& writer, const NamedSchema& named);

}  // namespace fabula::api
