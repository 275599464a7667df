#include "shared/text/ascii.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/text/split.hpp"

using namespace fabula;

namespace {

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  text::Splitter splitter(text, separator);
  while (const auto part = splitter.next()) parts.emplace_back(*part);
  CHECK_FALSE(splitter.next());
  return parts;
}

}  // namespace

TEST_CASE("only A to Z have a lower case") {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool is_capital = i >= 'A' && i <= 'Z';
    CHECK(text::to_lower(c) == (is_capital ? static_cast<char>(i + 32) : c));
  }
  CHECK(text::to_lower(std::string_view("\u00C9A-Z")) == "\u00C9a-z");
}

TEST_CASE("texts are equal ignoring case only when they are as long") {
  CHECK(text::equal_ignoring_case("Bearer", "bEARER"));
  CHECK(text::equal_ignoring_case("", ""));
  CHECK_FALSE(text::equal_ignoring_case("Bearer", "Bearer "));
  CHECK_FALSE(text::equal_ignoring_case("[", "{"));
}

TEST_CASE("trimming takes blanks off both ends only") {
  CHECK(text::trim(" \t a b\t ") == "a b");
  CHECK(text::trim(" \t ").empty());
  CHECK(text::trim("").empty());
  CHECK(text::trim("\na\n") == "\na\n");
}

TEST_CASE("splitting gives every part, empty ones too") {
  CHECK(parts_of("a,b", ',') == std::vector<std::string>{"a", "b"});
  CHECK(parts_of("a,,b,", ',') == std::vector<std::string>{"a", "", "b", ""});
  CHECK(parts_of("", ',') == std::vector<std::string>{""});
  CHECK(parts_of("abc", ',') == std::vector<std::string>{"abc"});
}
