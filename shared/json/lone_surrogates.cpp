#include "shared/json/lone_surrogates.hpp"

#include "shared/json/unicode_escape.hpp"

namespace fabula::json {

std::string replace_lone_surrogates(std::string_view json) {
  std::string repaired(json);
  const char* const begin = json.data();
  const char* const end = begin + json.size();
  std::size_t i = 0;
  while ((i = json.find('\\', i)) != std::string_view::npos) {
    const auto unit = unicode_escape(begin + i, end);
    if (!unit) {
      i += 2;
      continue;
    }
    const std::size_t next = i + kUnicodeEscapeBytes;
    if (is_high_surrogate(*unit)) {
      const auto second = unicode_escape(begin + next, end);
      if (second && is_low_surrogate(*second)) {
        i = next + kUnicodeEscapeBytes;
        continue;
      }
    }
    if (is_high_surrogate(*unit) || is_low_surrogate(*unit)) repaired.replace(i + 2, 4, "fffd");
    i = next;
  }
  return repaired;
}

}  // namespace fabula::json
