// Lower case for the letters of European languages.
#pragma once

namespace fabula::text {

// Converts Latin and Cyrillic letters and keeps everything else. The Turkish dotted capital I
// becomes an i.
constexpr char32_t to_lower(char32_t c) {
  const auto is_within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  // In these ranges each pair is a capital and its small letter.
  const auto of_pair = [c](char32_t parity) { return c % 2 == parity ? c + 1 : c; };
  if (is_within(U'A', U'Z')) return c + 0x20;
  if (c < 0xC0) return c;
  if (is_within(0xC0, 0xDE)) return c == 0xD7 ? c : c + 0x20;
  if (c == 0x130) return U'i';
  if (c == 0x178) return 0xFF;
  if (is_within(0x139, 0x148) || is_within(0x179, 0x17E)) return of_pair(1);
  if (is_within(0x100, 0x177) || is_within(0x1A0, 0x1A1) || is_within(0x218, 0x21B)) {
    return of_pair(0);
  }
  if (is_within(0x1AF, 0x1B0)) return of_pair(1);
  if (is_within(0x1EA0, 0x1EF9)) return of_pair(0);
  if (is_within(0x410, 0x42F)) return c + 0x20;
  if (is_within(0x400, 0x40F)) return c + 0x50;
  return c == 0x490 ? 0x491 : c;
}

// Whether it is a small letter of a script that has capital ones.
constexpr bool is_small_letter(char32_t c) {
  const bool is_cased = (c >= U'a' && c <= U'z') || (c >= 0xDF && c <= 0x17F && c != 0xF7) ||
                        (c >= 0x430 && c <= 0x45F) || (c >= 0x3AC && c <= 0x3CE);
  return is_cased && to_lower(c) == c;
}

}  // namespace fabula::text
