#include "shared/text/blank.hpp"

#include <algorithm>
#include <array>

namespace fabula::text {
namespace {

constexpr std::string_view kAsciiWhiteSpace = " \t\n\v\f\r";

constexpr std::array<std::string_view, 24> kOtherBlanks = {
    "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
    "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u200B", "\u200C",
    "\u200D", "\u2028", "\u2029", "\u202F", "\u205F", "\u2060", "\u3000", "\uFEFF"};

}  // namespace

std::size_t leading_blank_bytes(std::string_view utf8) {
  auto rest = utf8;
  while (true) {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(kAsciiWhiteSpace)));
    const auto blank = std::find_if(kOtherBlanks.begin(), kOtherBlanks.end(),
                                    [&](auto character) { return rest.starts_with(character); });
    if (blank == kOtherBlanks.end()) return utf8.size() - rest.size();
    rest.remove_prefix(blank->size());
  }
}

bool is_blank(std::string_view utf8) { return leading_blank_bytes(utf8) == utf8.size(); }

}  // namespace fabula::text
