#include "shared/text/utf8_repair.hpp"

#include "shared/text/word_scan.hpp"

namespace fabula::text {

Utf8Step utf8_step(const char* at, const char* end) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};

  std::size_t length = 0;
  unsigned char second_low = 0x80;
  unsigned char second_high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) second_low = 0xA0;
    if (lead == 0xED) second_high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) second_low = 0x90;
    if (lead == 0xF4) second_high = 0x8F;
  } else {
    return {1, false};
  }

  const auto available = static_cast<std::size_t>(end - at);
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned char low = i == 1 ? second_low : 0x80;
    const unsigned char high = i == 1 ? second_high : 0xBF;
    if (i == available || byte(i) < low || byte(i) > high) return {i, false};
  }
  return {length, true};
}

void append_repaired(std::string& out, std::string_view bytes) {
  const char* run = bytes.data();
  const char* at = run;
  const char* const end = at + bytes.size();
  const auto flush = [&] { out.append(run, static_cast<std::size_t>(at - run)); };
  while (at < end) {
    if (end - at >= 8 && (load_eight(at) & kHighBits) == 0) {
      at += 8;
      continue;
    }
    const auto step = utf8_step(at, end);
    if (!step.is_valid) {
      flush();
      out.append(kReplacementCharacter);
      run = at + step.bytes;
    }
    at += step.bytes;
  }
  flush();
}

}  // namespace fabula::text
