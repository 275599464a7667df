// What is wrong with a request, collected while it is checked.
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
  id_spelling,  // a string stands where an id does, and is none
};

class Faults {
 public:
  // A caller who sends more than these reads no further; and the answer stays short.
  static constexpr std::size_t kMaximumTold = 20;

  void add(std::string_view path, std::string message, FaultKind kind = FaultKind::value);
  bool empty() const { return errors_.empty(); }
  // invalid_request, or invalid_id when nothing but the spelling of ids is wrong. `part` of the
  // request, such as "body", is named in the detail.
  Problem problem(std::string_view part) &&;

 private:
  std::vector<FieldError> errors_;
  bool are_only_ids_wrong_ = true;
};

}  // namespace fabula::api
