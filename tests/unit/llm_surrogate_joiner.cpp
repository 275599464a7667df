#include "shared/llm/stream/surrogate_joiner.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;

namespace {

constexpr std::string_view kFirst = "\xED\xA0\xBD";   // U+D83D
constexpr std::string_view kSecond = "\xED\xB8\x80";  // U+DE00

std::string both(std::string_view a, std::string_view b) { return std::string(a).append(b); }

}  // namespace

TEST_CASE("text without lone surrogates is handed on where it stands") {
  llm::SurrogateJoiner joiner;
  const std::string text = "plain 🐉";
  CHECK(joiner.join(text, false).data() == text.data());
  CHECK(joiner.join("", true).empty());
}

TEST_CASE("two halves in two texts are one character") {
  llm::SurrogateJoiner joiner;
  CHECK(joiner.join(both("a", kFirst), true) == "a");
  CHECK(joiner.join("", false).empty());
  CHECK(joiner.join(both(kSecond, "b"), true) == "😀b");
  CHECK(joiner.join("c", false) == "c");
}

TEST_CASE("halves that nothing completes become replacement characters") {
  llm::SurrogateJoiner joiner;
  CHECK(joiner.join(both(kSecond, "a"), true) == "\uFFFDa");
  CHECK(joiner.join(both(kFirst, "a"), true) == "\uFFFDa");
  CHECK(joiner.join(kFirst, true).empty());
  CHECK(joiner.join("b", false) == "\uFFFDb");
  CHECK(joiner.join(both(kFirst, kFirst), true) == "\uFFFD");
  CHECK(joiner.join(kSecond, true) == "😀");
}

TEST_CASE("the highest and the lowest character above U+FFFF are joined") {
  llm::SurrogateJoiner joiner;
  CHECK(joiner.join("\xED\xA0\x80", true).empty());
  CHECK(joiner.join("\xED\xB0\x80", true) == "\U00010000");
  CHECK(joiner.join("\xED\xAF\xBF", true).empty());
  CHECK(joiner.join("\xED\xBF\xBF", true) == "\U0010FFFF");
}

TEST_CASE("halves that come in one text are one character too") {
  llm::SurrogateJoiner joiner;
  CHECK(joiner.join(both("a", both(kFirst, both(kSecond, "b"))), true) == "a😀b");
  CHECK(joiner.join(both(kFirst, both(kFirst, kSecond)), true) == "\uFFFD😀");
}
