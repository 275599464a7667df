#include "shared/text/cut.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/text/utf8.hpp"

using namespace fabula;

namespace {

std::string times(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("a text that fits stays as it is") {
  CHECK(text::cut_text("", 0).empty());
  CHECK(text::cut_text("The lamp.", 9) == "The lamp.");
}

TEST_CASE("a longer text keeps its beginning, its end, and how much is missing") {
  for (const auto& whole :
       {"Scene one. " + times("She went up, counting. ", 900) + "It was Pell.",
        "Первая сцена. " + times("Она поднималась и считала. ", 900) + "Это был Пелл.",
        "第一场。" + times("她一级一级地数着。", 900) + "是佩尔。", times("🦊\n\n", 4000),
        times("x", 20'000)}) {
    for (const std::size_t maximum_bytes : {4000u, 4001u, 4002u, 4003u, 15'999u}) {
      const auto cut = text::cut_text(whole, maximum_bytes);
      CHECK(cut.size() <= maximum_bytes);
      CHECK(cut.size() > maximum_bytes * 3 / 4);
      CHECK(text::is_valid_utf8(cut));
      const auto begin = cut.find("\n\n[");
      constexpr std::string_view kNoteEnd =
          " bytes of this text are left out here: they do not fit.]\n\n";
      const auto end = cut.find(kNoteEnd);
      REQUIRE(end != std::string::npos);
      const auto kept = cut.substr(end + kNoteEnd.size());
      CHECK(whole.starts_with(cut.substr(0, begin)));
      CHECK(whole.ends_with(kept));
      CHECK(static_cast<std::size_t>(std::stoll(cut.substr(begin + 3))) ==
            whole.size() - begin - kept.size());
    }
  }
}

TEST_CASE("words are kept whole where that costs little") {
  const auto cut = text::cut_text(times("lamps ", 1000), 503);
  CHECK(cut.starts_with("lamps lamps "));
  CHECK(cut.find("lamps \n\n[") != std::string::npos);
  CHECK(cut.ends_with("\n\n" + times("lamps ", 35)));
}

TEST_CASE("where nothing fits, the note says so") {
  CHECK(text::cut_text(times("x", 1000), 0) ==
        "\n\n[1000 bytes of this text are left out here: they do not fit.]\n\n");
}
