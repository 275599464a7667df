// Checks a document against the part of JSON Schema that we ask models to follow: type, properties,
// required, items and enum. Other keywords, and members that the schema does not name, are ignored.
#pragma once

#include <vector>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// `part`: the document was cut off. Missing members are no fault then, except in the elements of
// arrays, which are whole or left out.
enum class Extent { whole, part };

// The first few faults; none when the document follows the schema. Paths are like
// `characters[2].name`, "" for the whole document. They contain none of the document's own text.
std::vector<FieldError> check_schema(const json::Document& document, const json::Document& schema,
                                     Extent extent = Extent::whole);

}  // namespace fabula::llm
