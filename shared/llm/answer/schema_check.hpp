// Checks a document against the part of JSON Schema that we ask models to follow: type, properties,
// required, items and enum. Other keywords, and members that the schema does not name, are ignored.
#pragma once

#include <vector>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// Of a document that was cut off only `part` is there: members that are missing are no fault,
// except in the elements of arrays, which are whole or left out.
enum class Extent { whole, part };

// The first few faults; none when the document is what the schema wants. Paths are like
// `characters[2].name`, "" the whole document. Nothing of the document's own text is in them.
std::vector<FieldError> check_schema(const json::Document& document, const json::Document& schema,
                                     Extent extent = Extent::whole);

}  // namespace fabula::llm
