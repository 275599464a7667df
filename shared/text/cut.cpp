#include "shared/text/cut.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::text {
namespace {

constexpr std::array<std::string_view, 3> kBoundaries{"\n\n", "\n", " "};
// Cutting at a paragraph, line or word may remove at most 1/kLeastKeptParts of the kept text.
constexpr std::size_t kLeastKeptParts = 8;

std::string_view beginning_of(std::string_view text, std::size_t maximum_bytes) {
  const auto part = prefix_bytes(text, maximum_bytes);
  for (const auto boundary : kBoundaries) {
    const auto at = part.rfind(boundary);
    if (at == std::string_view::npos) continue;
    const auto kept = at + boundary.size();
    if (part.size() - kept <= part.size() / kLeastKeptParts) return part.substr(0, kept);
  }
  return part;
}

std::string_view end_of(std::string_view text, std::size_t maximum_bytes) {
  auto part = text.substr(text.size() - std::min(text.size(), maximum_bytes));
  // Continuation bytes are 10xxxxxx.
  while (!part.empty() && (static_cast<unsigned char>(part.front()) & 0xC0U) == 0x80U) {
    part.remove_prefix(1);
  }
  for (const auto boundary : kBoundaries) {
    const auto at = part.find(boundary);
    if (at == std::string_view::npos || at > part.size() / kLeastKeptParts) continue;
    return part.substr(at + boundary.size());
  }
  return part;
}

}  // namespace

std::string cut_text(std::string_view text, std::size_t maximum_bytes) {
  if (text.size() <= maximum_bytes) return std::string(text);
  const auto room = maximum_bytes - std::min(maximum_bytes, kCutNoteBytes);
  const auto beginning = beginning_of(text, room / 2);
  const auto end = end_of(text, room / 2);
  const auto missing = text.size() - beginning.size() - end.size();
  std::string cut(beginning);
  cut.append("\n\n[").append(integer_text(static_cast<std::int64_t>(missing)));
  cut.append(" bytes of this text are left out here: they do not fit.]\n\n").append(end);
  return cut;
}

}  // namespace fabula::text
