// Some members of a JSON object, read by name in one walk and without a document: for large texts
// of which little is wanted, or of which a part is passed on as it stands.
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
  // Nothing when `json`, which must outlive what is read, is not one valid object. Of members with
  // the same name the last counts.
  static std::optional<RawObject> read(std::string_view json,
                                       std::initializer_list<std::string_view> keys);

  // These find nothing of keys that were not asked for.

  // The member's JSON text; empty when it is not there.
  std::string_view text(std::string_view key) const;
  bool is_null(std::string_view key) const { return text(key) == "null"; }
  bool is_true(std::string_view key) const { return text(key) == "true"; }
  // Nothing when it is not there or something else.
  std::optional<std::string> string(std::string_view key) const;
  std::optional<std::uint64_t> natural(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;

 private:
  std::vector<RawMember> members_;
};

}  // namespace fabula::json
