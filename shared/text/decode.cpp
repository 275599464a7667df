#include "shared/text/decode.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "shared/text/utf8.hpp"

namespace fabula::text {
namespace {

void append_code_point(std::string& out, std::uint32_t code) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | (code >> shift & 0x3FU));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6U);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | code >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | code >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::optional<std::string> decode_utf16(std::string_view bytes, bool is_big_endian) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  const auto unit = [&](std::size_t at) {
    const std::uint32_t first = static_cast<unsigned char>(bytes[at]);
    const std::uint32_t second = static_cast<unsigned char>(bytes[at + 1]);
    return is_big_endian ? first << 8U | second : second << 8U | first;
  };
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    auto code = unit(at);
    if (code >= 0xDC00 && code <= 0xDFFF) return std::nullopt;
    if (code >= 0xD800 && code <= 0xDBFF) {
      at += 2;
      const auto low = at < bytes.size() ? unit(at) : 0;
      if (low < 0xDC00 || low > 0xDFFF) return std::nullopt;
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    }
    append_code_point(out, code);
  }
  return out;
}

struct UnitCounts {
  std::size_t spaces = 0;  // and line ends
  std::size_t ascii = 0;
  std::size_t controls = 0;  // and what is not assigned: no text has them
};

UnitCounts count_units(std::string_view bytes, bool is_big_endian) {
  UnitCounts counts;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const auto high = static_cast<unsigned char>(bytes[is_big_endian ? at : at + 1]);
    const auto low = static_cast<unsigned char>(bytes[is_big_endian ? at + 1 : at]);
    const bool is_space = low == '\t' || low == '\n' || low == '\f' || low == '\r';
    const bool is_printable = low >= ' ' && low < 0x7F;
    if (high == 0 && (is_space || is_printable)) {
      ++counts.ascii;
      counts.spaces += is_space || low == ' ' ? 1U : 0U;
    } else if (high == 0 && low < 0xA0) {
      ++counts.controls;
    } else if ((high >= 0xE0 && high < 0xF9) || (high == 0xFF && low >= 0xF0)) {
      ++counts.controls;
    }
  }
  return counts;
}

// Without a byte-order mark, in the order in which it has more spaces, else more of ASCII.
std::optional<std::string> decode_unmarked_utf16(std::string_view bytes) {
  const auto little = count_units(bytes, false);
  const auto big = count_units(bytes, true);
  const auto rank = [](const UnitCounts& counts) { return std::pair(counts.spaces, counts.ascii); };
  const bool is_big_endian = rank(big) > rank(little);
  const auto& counts = is_big_endian ? big : little;
  if (rank(little) == rank(big) || counts.controls > 0) return std::nullopt;
  return decode_utf16(bytes, is_big_endian);
}

}  // namespace

std::optional<std::string> decode_text(std::string bytes) {
  constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
  const std::string_view view = bytes;
  std::optional<std::string> text;
  if (view.starts_with("\xFF\xFE") || view.starts_with("\xFE\xFF")) {
    text = decode_utf16(view.substr(2), view.front() == '\xFE');
  } else if (view.find('\0') != std::string_view::npos) {
    text = decode_unmarked_utf16(view);
  } else if (is_valid_utf8(view)) {
    text =
        view.starts_with(kUtf8Mark) ? std::string(view.substr(kUtf8Mark.size())) : std::move(bytes);
  }
  if (text && text->find('\0') != std::string::npos) return std::nullopt;
  return text;
}

}  // namespace fabula::text
