// Declarations without the parts that only the documentation needs. Every function contains its
// operations to check requests by; the descriptions and the schemas of answers are in the document
// that the build makes, and would only take memory in every instance. The compiler makes these
// copies, so that there is one declaration.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "shared/api/operation.hpp"

namespace fabula::api {

template <const Schema* kSchema>
constexpr const Schema* undocumented_schema();

namespace detail {

template <const Schema* kSchema, std::size_t kIndex>
constexpr Field undocumented_field() {
  Field field = kSchema->fields[kIndex];
  field.description = {};
  field.default_json = {};
  if constexpr (kSchema->fields[kIndex].is_open) {
    field.schema = nullptr;
  } else {
    field.schema = undocumented_schema<kSchema->fields[kIndex].schema>();
  }
  return field;
}

template <const Schema* kSchema>
inline constexpr auto kUndocumentedFields =
    []<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      return std::array<Field, sizeof...(kIndex)>{undocumented_field<kSchema, kIndex>()...};
    }(std::make_index_sequence<kSchema->fields.size()>());

template <const Schema* kSchema>
inline constexpr Schema kUndocumentedSchema{{}, {}, kUndocumentedFields<kSchema>};

}  // namespace detail

template <const Schema* kSchema>
constexpr const Schema* undocumented_schema() {
  if constexpr (kSchema == nullptr) {
    return nullptr;
  } else {
    return &detail::kUndocumentedSchema<kSchema>;
  }
}

template <const Operation* kOperation>
inline constexpr Operation kUndocumented = [] {
  Operation operation = *kOperation;
  operation.summary = {};
  operation.query = undocumented_schema<kOperation->query>();
  operation.body = undocumented_schema<kOperation->body>();
  operation.answer = {.location = kOperation->answer.location};
  operation.refusals = {};
  operation.description = {};
  operation.body_example = {};
  return operation;
}();

}  // namespace fabula::api
