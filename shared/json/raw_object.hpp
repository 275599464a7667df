// Reads some members of a JSON object by name, in one pass and without a document: for large texts
// of which little is needed, or a part is passed on unchanged.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/scanner.hpp"

namespace fabula::json {

class RawObject {
 public:
  // Nothing when `json` is not one valid object; it must outlive the result. If members have the
  // same name, the last counts.
  static std::optional<RawObject> read(std::string_view json,
                                       std::initializer_list<std::string_view> keys);

  // These find only keys that were asked for.

  // The member's JSON text; empty when it does not exist.
  std::string_view text(std::string_view key) const;
  bool is_null(std::string_view key) const { return text(key) == "null"; }
  bool is_true(std::string_view key) const { return text(key) == "true"; }
  // Nothing when the member does not exist or has another type.
  std::optional<std::string> string(std::string_view key) const;
  std::optional<std::uint64_t> natural(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;

 private:
  std::vector<RawMember> members_;
};

}  // namespace fabula::json
