// Comparison of secrets.
#pragma once

#include <cstddef>
#include <string_view>

namespace fabula::text {

// Takes as long for texts that differ in the first byte as for those that differ in the last. A
// difference in length is no secret.
constexpr bool equals_in_constant_time(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference |= static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(right[i]);
  }
  return difference == 0;
}

}  // namespace fabula::text
