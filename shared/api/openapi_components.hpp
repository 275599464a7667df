// The parts of the OpenAPI document that operations share: headers, parameters that are headers,
// refusals, security schemes.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "shared/api/operation.hpp"
#include "shared/json/text.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::api {

// A header of answers, by its lower-case name in components/headers.
void write_header_references(json::Writer& writer, std::span<const std::string_view> names);

// A header of requests in components/parameters.
void write_parameter_reference(json::Writer& writer, std::string_view name);

// The refusal of this status in components/responses.
void write_refusal_reference(json::Writer& writer, int status);

// Members "headers", "parameters", "responses" and "securitySchemes"; `codes` are all that some
// operation refuses with, by rising status.
void write_shared_components(json::Writer& writer, std::span<const ErrorCode> codes);

// Members "Problem" and "FieldError" of the components' schemas.
void write_problem_schemas(json::Writer& writer);

}  // namespace fabula::api
