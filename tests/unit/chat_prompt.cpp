#include "shared/chat/prompt.hpp"

#include <doctest/doctest.h>

#include <string_view>

#include "shared/text/utf8.hpp"

using namespace fabula;

TEST_CASE("the prompt is short enough for a small model to follow and for every turn to pay") {
  const std::string_view prompt = chat::system_prompt();
  CHECK(prompt.size() > 200);
  CHECK(prompt.size() < 1500);
  CHECK(text::is_valid_utf8(prompt));
}
