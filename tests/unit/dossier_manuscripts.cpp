// Whole manuscripts as people send them, in many languages, shapes and encodings, and the chapters
// that they have. Each begins with a line such as "@@ plain | First title | Second title" in
// tests/fixtures/imports/manuscripts.txt; the title of a part without one is empty.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/import/text.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/code_points.hpp"
#include "shared/text/decode.hpp"
#include "shared/text/split.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;

namespace {

struct Manuscript {
  dossier::ImportFormat format;
  std::vector<std::string> titles;
  std::string text;
};

std::vector<Manuscript> read_manuscripts() {
  std::vector<Manuscript> manuscripts;
  const auto all = tests::read_fixture("imports/manuscripts.txt");
  text::Splitter lines(all, '\n');
  while (const auto line = lines.next()) {
    if (!line->starts_with("@@ ")) {
      manuscripts.back().text.append(*line).push_back('\n');
      continue;
    }
    auto& manuscript = manuscripts.emplace_back();
    text::Splitter parts(line->substr(3), '|');
    const auto format = dossier::import_format_named(text::trim(parts.next().value_or("")));
    REQUIRE(format.has_value());
    manuscript.format = *format;
    while (const auto title = parts.next()) manuscript.titles.emplace_back(text::trim(*title));
  }
  return manuscripts;
}

std::vector<std::string> titles_of(std::string_view text, dossier::ImportFormat format) {
  const auto plan = dossier::plan_import(text, format);
  REQUIRE(plan.has_value());
  std::vector<std::string> titles;
  for (const auto& chapter : plan->chapters) titles.push_back(chapter.title);
  return titles;
}

std::string with_windows_line_ends(std::string_view text) {
  std::string windows;
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  return windows;
}

std::string in_utf16(std::string_view text, bool is_big_endian, bool has_mark) {
  std::string bytes;
  const auto add = [&](char32_t unit) {
    const char high = static_cast<char>(unit >> 8U);
    const char low = static_cast<char>(unit & 0xFFU);
    bytes.append({is_big_endian ? high : low, is_big_endian ? low : high});
  };
  if (has_mark) add(0xFEFF);
  for (std::size_t at = 0; at < text.size();) {
    const auto code = text::next_code_point(text, at);
    if (code < 0x10000) {
      add(code);
    } else {
      add(0xD800 + ((code - 0x10000) >> 10U));
      add(0xDC00 + ((code - 0x10000) & 0x3FFU));
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("manuscripts in many languages have the chapters that people see in them") {
  const auto manuscripts = read_manuscripts();
  CHECK(manuscripts.size() > 40);
  for (const auto& manuscript : manuscripts) {
    CAPTURE(manuscript.text);
    CHECK(titles_of(manuscript.text, manuscript.format) == manuscript.titles);
    CHECK(titles_of(with_windows_line_ends(manuscript.text), manuscript.format) ==
          manuscript.titles);
    CHECK(titles_of("\xEF\xBB\xBF" + manuscript.text, manuscript.format) == manuscript.titles);
  }
}

TEST_CASE("a manuscript in UTF-16 is the same one, with a byte-order mark and without") {
  for (const auto& manuscript : read_manuscripts()) {
    CAPTURE(manuscript.text);
    const auto windows = with_windows_line_ends(manuscript.text);
    for (const bool is_big_endian : {false, true}) {
      for (const bool has_mark : {false, true}) {
        CHECK(text::decode_text(in_utf16(windows, is_big_endian, has_mark)) == windows);
      }
    }
  }
}
