// The only way into nlohmann/json: bounded parsing and typed optional access that cannot abort.
// (Without exceptions nlohmann's `at`, `get<T>` of a wrong type, `[]` on a wrong type and `dump` of
// bad UTF-8 end the process, and its destructor recurses, so depth is bounded while parsing.)
// Documents are nlohmann's; they are read by our Scanner and written with our append_string, so
// that one text means the same, and is written the same, with a document and without one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"
#include "shared/result/result.hpp"

namespace fabula::json {

using Document = nlohmann::json;

// Deep enough for any body that we define or known provider; shallow enough for the guest's stack.
inline constexpr std::size_t kMaximumDepth = kMaximumNesting;

// Parses one JSON text. Problems: invalid_utf8, json_too_deep, malformed_json. Lone surrogates,
// when allowed, are kept as append_unescaped() writes them: such strings are no valid UTF-8.
Result<Document> parse(std::string_view text,
                       LoneSurrogates lone_surrogates = LoneSurrogates::refused);

// Compact text. Never fails: bad UTF-8 is replaced by U+FFFD.
std::string dump(const Document& document);

// The member of an object, or nullptr when `object` is no object or has no such member.
const Document* find(const Document& object, std::string_view key);
Document* find(Document& object, std::string_view key);

// The member if it exists and has the type; else nothing. Views live as long as `object`.
std::optional<std::string_view> string_at(const Document& object, std::string_view key);
std::optional<std::int64_t> integer_at(const Document& object, std::string_view key);
// A number in hundredths, rounded: 70 for 0.7. Nothing when they do not fit into an int.
std::optional<int> hundredths_at(const Document& object, std::string_view key);
std::optional<bool> boolean_at(const Document& object, std::string_view key);

}  // namespace fabula::json
