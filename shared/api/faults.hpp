// The faults of a request, collected while it is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::api {

enum class FaultKind : std::uint8_t {
  value,
  id_spelling,  // a string that should be an id and is not one
};

class Faults {
 public:
  // A caller who sends more faults than these reads no further, and the answer stays short.
  static constexpr std::size_t kMaximumTold = 20;

  void add(std::string_view path, std::string message, FaultKind kind = FaultKind::value);
  bool empty() const { return errors_.empty(); }
  // invalid_request, or invalid_id when nothing but the spelling of ids is wrong. The detail names
  // the `part` of the request, such as "body".
  Problem problem(std::string_view part) &&;

 private:
  std::vector<FieldError> errors_;
  bool are_only_ids_wrong_ = true;
};

}  // namespace fabula::api
