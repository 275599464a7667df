#include "shared/dossier/log/folding.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "shared/dossier/log/folding_tables.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::dossier {
namespace {

constexpr std::uint32_t kFirstExpansion = 0xE000;
constexpr std::uint32_t kLastExpansion =
    kFirstExpansion + static_cast<std::uint32_t>(tables::kExpansionStarts.size()) - 2;

struct CodePoint {
  std::uint32_t value;
  std::size_t bytes;
};

CodePoint decode(std::string_view text) {
  const auto step = text::utf8_step(text.data(), text.data() + text.size());
  if (!step.is_valid) return {0xFFFD, step.bytes};
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (step.bytes == 1) return {at(0), 1};
  std::uint32_t value = at(0) & (0x7FU >> step.bytes);
  for (std::size_t i = 1; i < step.bytes; ++i) value = value << 6 | (at(i) & 0x3FU);
  return {value, step.bytes};
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | (code >> shift & 0x3FU));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | code >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0U | code >> 18);
    tail(12), tail(6), tail(0);
  }
}

bool is_between(std::uint32_t code, std::uint32_t first, std::uint32_t last) {
  return code >= first && code <= last;
}

bool is_space(std::uint32_t code) {
  return is_between(code, 0x80, 0xA0) || code == 0x1680 || is_between(code, 0x2000, 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

// Soft hyphens, joiners, marks of direction, variation selectors, the byte order mark.
bool has_no_width(std::uint32_t code) {
  return code == 0xAD || code == 0x34F || code == 0x61C || is_between(code, 0x180B, 0x180E) ||
         is_between(code, 0x200B, 0x200F) || is_between(code, 0x202A, 0x202E) ||
         is_between(code, 0x2060, 0x206F) || is_between(code, 0xFE00, 0xFE0F) || code == 0xFEFF ||
         is_between(code, 0xE0000, 0xE01EF);
}

bool is_single_quote(std::uint32_t code) {
  return code == 0xB4 || is_between(code, 0x2BB, 0x2BD) || is_between(code, 0x2018, 0x201B) ||
         code == 0x2032 || code == 0x2039 || code == 0x203A || code == 0xFF07;
}

bool is_double_quote(std::uint32_t code) {
  return code == 0xAB || code == 0xBB || is_between(code, 0x201C, 0x201F) || code == 0x2033 ||
         is_between(code, 0x300C, 0x300F) || code == 0xFF02;
}

bool is_dash(std::uint32_t code) {
  return is_between(code, 0x2010, 0x2015) || code == 0x2212 || code == 0xFE58 || code == 0xFE63 ||
         code == 0xFF0D;
}

// Marks that are dropped when they are separate characters, like those that
// scripts/generate-folding drops from composed letters. `base` is the folded letter before them.
bool is_dropped_mark(std::uint32_t code, std::uint32_t base) {
  if (is_between(code, 0x300, 0x36F)) {
    if (is_between(base, 0x400, 0x52F)) return code == 0x300 || code == 0x301 || code == 0x308;
    return is_between(base, 'a', 'z') || is_between(base, 0xC0, 0x24F) ||
           is_between(base, 0x250, 0x2AF) || is_between(base, 0x370, 0x3FF);
  }
  return is_between(code, 0x591, 0x5BD) || code == 0x5BF || code == 0x5C1 || code == 0x5C2 ||
         code == 0x5C4 || code == 0x5C5 || code == 0x5C7 || is_between(code, 0x610, 0x61A) ||
         is_between(code, 0x64B, 0x65F) || code == 0x640 || code == 0x670;
}

// The table's unit if the table has the code point, else the code point itself.
std::uint32_t table_unit(std::uint32_t code) {
  for (const auto& block : tables::kBlocks) {
    if (code >= block.first && code < block.end) {
      return tables::kBlockUnits[block.start + (code - block.first)];
    }
  }
  const auto run = std::upper_bound(
      tables::kRuns.begin(), tables::kRuns.end(), code,
      [](std::uint32_t wanted, const tables::Run& entry) { return wanted < entry.first; });
  if (run != tables::kRuns.begin()) {
    const auto& entry = *std::prev(run);
    const auto distance = code - entry.first;
    if (distance % entry.stride == 0 && distance / entry.stride < entry.count) {
      return code + static_cast<std::uint32_t>(entry.delta);
    }
  }
  const auto single = std::lower_bound(
      tables::kSingles.begin(), tables::kSingles.end(), code,
      [](const tables::Single& entry, std::uint32_t wanted) { return entry.code < wanted; });
  if (single != tables::kSingles.end() && single->code == code) return single->unit;
  return code;
}

class Folder {
 public:
  explicit Folder(std::size_t bytes) { folded_.reserve(bytes); }

  void add_ascii(char c) {
    if (c <= ' ' || c == 0x7F) {
      has_space_ = true;
      return;
    }
    if (has_space_ && !folded_.empty()) folded_ += ' ';
    has_space_ = false;
    folded_ += c == '`' ? '\'' : text::to_lower(c);
    base_ = static_cast<unsigned char>(folded_.back());
  }

  void add(std::uint32_t code) {
    if (code < 0x80) return add_ascii(static_cast<char>(code));
    if (has_no_width(code)) return;
    if (is_space(code)) {
      has_space_ = true;
    } else if (is_single_quote(code)) {
      put('\'');
    } else if (is_double_quote(code)) {
      put('"');
    } else if (is_dash(code)) {
      put('-');
    } else if (!is_dropped_mark(code, base_)) {
      put_letter(code);
    }
  }

  std::string take() { return std::move(folded_); }

 private:
  void put_letter(std::uint32_t code) {
    if (is_between(code, 0xFF01, 0xFF5E)) return add(code - 0xFF01 + '!');
    // Mathematical alphabets: a to z twice, again and again. Then Greek, then digits.
    if (is_between(code, 0x1D400, 0x1D6A3)) return put('a' + (code - 0x1D400) % 26);
    if (is_between(code, 0x1D7CE, 0x1D7FF)) return put('0' + (code - 0x1D7CE) % 10);
    if (is_between(code, 0xAC00, 0xD7A3)) return put_syllable(code - 0xAC00);
    const auto unit = table_unit(code);
    if (!is_between(unit, kFirstExpansion, kLastExpansion)) return put_unless_dropped(unit);
    const auto n = unit - kFirstExpansion;
    for (auto i = tables::kExpansionStarts[n]; i < tables::kExpansionStarts[n + 1]; ++i) {
      put_unless_dropped(tables::kExpansionText[i]);
    }
  }

  void put_unless_dropped(std::uint32_t code) {
    if (!is_dropped_mark(code, base_)) put(code);
  }

  // A Hangul syllable as its letters (Unicode, section 3.12).
  void put_syllable(std::uint32_t index) {
    put(0x1100 + index / 588);
    put(0x1161 + index % 588 / 28);
    if (index % 28 != 0) put(0x11A7 + index % 28);
  }

  void put(std::uint32_t code) {
    if (code == ' ') {
      has_space_ = true;
      return;
    }
    if (has_space_ && !folded_.empty()) folded_ += ' ';
    has_space_ = false;
    base_ = code;
    append_utf8(folded_, code);
  }

  std::string folded_;
  std::uint32_t base_ = 0;
  bool has_space_ = false;
};

}  // namespace

std::string fold(std::string_view utf8) {
  Folder folder(utf8.size());
  while (!utf8.empty()) {
    if (static_cast<unsigned char>(utf8.front()) < 0x80) {
      folder.add_ascii(utf8.front());
      utf8.remove_prefix(1);
      continue;
    }
    const auto [code, bytes] = decode(utf8);
    utf8.remove_prefix(bytes);
    folder.add(code);
  }
  return folder.take();
}

}  // namespace fabula::dossier
