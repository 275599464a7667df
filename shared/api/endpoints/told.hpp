// What of a declaration is only told. Descriptions and the shapes of answers are a third of the
// tables' bytes, and of all functions docs alone tells them: a source that defines FABULA_API_TOLD
// before it includes the endpoints has whole tables, every other one has them without. The two are
// tables of different names (the inline namespace), so both may stand in one program.
#pragma once

#include <string_view>

#include "shared/api/schema.hpp"

#ifdef FABULA_API_TOLD
#define FABULA_API_TABLES told_tables
#else
#define FABULA_API_TABLES bare_tables
#endif

namespace fabula::api::inline FABULA_API_TABLES {

#ifdef FABULA_API_TOLD
consteval std::string_view told(std::string_view text) { return text; }
consteval const Schema* told(const Schema& schema) { return &schema; }
#else
consteval std::string_view told(std::string_view) { return {}; }
consteval const Schema* told(const Schema&) { return nullptr; }
#endif

}  // namespace fabula::api::inline FABULA_API_TABLES
