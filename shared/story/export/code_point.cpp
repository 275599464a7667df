#include "shared/story/export/code_point.hpp"

#include <algorithm>
#include <array>

#include "shared/text/code_points.hpp"

namespace fabula::story {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

constexpr std::array kPunctuation{
    Range{0x21, 0x2F},     Range{0x3A, 0x40},     Range{0x5B, 0x60},       Range{0x7B, 0x7E},
    Range{0xA1, 0xA9},     Range{0xAB, 0xB1},     Range{0xB4, 0xB4},       Range{0xB6, 0xB8},
    Range{0xBB, 0xBB},     Range{0xBF, 0xBF},     Range{0x37E, 0x37E},     Range{0x387, 0x387},
    Range{0x55A, 0x55F},   Range{0x589, 0x58A},   Range{0x5BE, 0x5BE},     Range{0x5C0, 0x5C0},
    Range{0x5C3, 0x5C3},   Range{0x5F3, 0x5F4},   Range{0x60C, 0x60D},     Range{0x61B, 0x61F},
    Range{0x66A, 0x66D},   Range{0x6D4, 0x6D4},   Range{0x964, 0x965},     Range{0xE4F, 0xE5B},
    Range{0x104A, 0x104F}, Range{0x17D4, 0x17DA}, Range{0x2010, 0x2027},   Range{0x2030, 0x205E},
    Range{0x20A0, 0x20C0}, Range{0x2190, 0x2BFF}, Range{0x2E00, 0x2E5D},   Range{0x3001, 0x3003},
    Range{0x3008, 0x3020}, Range{0x3030, 0x3030}, Range{0x30A0, 0x30A0},   Range{0x30FB, 0x30FB},
    Range{0xFE10, 0xFE19}, Range{0xFE30, 0xFE6B}, Range{0xFF01, 0xFF0F},   Range{0xFF1A, 0xFF20},
    Range{0xFF3B, 0xFF40}, Range{0xFF5B, 0xFF65}, Range{0x1F000, 0x1FAFF},
};

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::uint32_t code_point_at(std::string_view utf8, std::size_t at) {
  return text::next_code_point(utf8, at);
}

std::uint32_t code_point_before(std::string_view utf8, std::size_t end) {
  std::size_t at = end - 1;
  while (at > 0 && continues_character(utf8[at])) --at;
  return code_point_at(utf8, at);
}

bool is_white_space(std::uint32_t c) {
  return c == ' ' || c == '\n' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_punctuation(std::uint32_t c) {
  return std::any_of(kPunctuation.begin(), kPunctuation.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace fabula::story
