// The parts of the OpenAPI document that operations share: headers of answers and requests,
// refusals, security schemes.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "shared/api/operation.hpp"
#include "shared/json/text.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::api {

// Writes references to headers of answers in components/headers, by their lower-case names.
void write_header_references(json::Writer& writer, std::span<const std::string_view> names);

// Writes a reference to a header of requests in components/parameters.
void write_parameter_reference(json::Writer& writer, std::string_view name);

// Writes a reference to the refusal with this status in components/responses.
void write_refusal_reference(json::Writer& writer, int status);

// Writes the members "headers", "parameters", "responses" and "securitySchemes"; `codes` are all
// error codes that some operation refuses with, by rising status.
void write_shared_components(json::Writer& writer, std::span<const ErrorCode> codes);

// Writes the members "Problem" and "FieldError" of the components' schemas.
void write_problem_schemas(json::Writer& writer);

}  // namespace fabula::api
