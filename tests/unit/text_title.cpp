#include "shared/text/title.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/text/utf8.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;
using text::session_title;

TEST_CASE("the title is the first sentence without its full stop") {
  CHECK(session_title("A fox finds a door. It is locked.") == "A fox finds a door");
  CHECK(session_title("Who is there? Me.") == "Who is there?");
  CHECK(session_title("Stop! Thief.") == "Stop!");
  CHECK(session_title("A fox finds a door") == "A fox finds a door");
  CHECK(session_title("And then...") == "And then");
}

TEST_CASE("a stop inside a sentence does not end it") {
  CHECK(session_title("Mr. Fox and Dr. J. Hare meet. Then tea.") == "Mr. Fox and Dr. J. Hare meet");
  CHECK(session_title("It costs 3.50 at example.com today") ==
        "It costs 3.50 at example.com today");
  CHECK(session_title("Use tools, e.g. a lamp") == "Use tools, e.g. a lamp");
  CHECK(session_title("\"Go!\" she said. He went.") == "\"Go!\" she said");
}

TEST_CASE("stops of scripts without spaces end a sentence") {
  CHECK(session_title("\u4F60\u597D\u3002\u4E16\u754C\u3002") == "\u4F60\u597D\u3002");
}

TEST_CASE("white space and control characters become single spaces") {
  CHECK(session_title("  A\tfox\r\nfinds \u00A0\u3000 a\x01 door  ") == "A fox finds a door");
  CHECK(session_title(std::string_view("A\0fox", 5)) == "A fox");
}

TEST_CASE("a blank line and a heading's end are the end of the title") {
  CHECK(session_title("A fox\n\nIt was dark.") == "A fox");
  CHECK(session_title("\n \n# The Fox\nIt was dark.") == "The Fox");
  CHECK(session_title("---\n\nIt was dark.") == "It was dark");
}

TEST_CASE("Markdown around the sentence is dropped") {
  CHECK(session_title("## The *Fox*") == "The Fox");
  CHECK(session_title("> - Write **boldly** with `code`") == "Write boldly with code");
  CHECK(session_title("_The Fox_") == "The Fox");
  CHECK(session_title("set max_tokens now") == "set max_tokens now");
  CHECK(session_title("-5 degrees") == "-5 degrees");
}

TEST_CASE("quotation marks that enclose the sentence or have no partner are dropped") {
  CHECK(session_title("\"The Fox.\"") == "The Fox");
  CHECK(session_title("\u201CThe Fox\u201D") == "The Fox");
  CHECK(session_title("\u201EDer Fuchs\u201C") == "Der Fuchs");
  CHECK(session_title("\u00ABLe renard\u00BB") == "Le renard");
  CHECK(session_title("'\"The Fox\"'") == "The Fox");
  CHECK(session_title("\"Hello. I am Bob,\" he said.") == "Hello");
  CHECK(session_title("The \"Fox\" and the \"Hare\"") == "The \"Fox\" and the \"Hare\"");
}

TEST_CASE("fifty code points fit and a longer sentence is cut at a word") {
  const std::string fifty = "abcdefghi abcdefghi abcdefghi abcdefghi abcdefghij";
  CHECK(session_title(fifty) == fifty);
  CHECK(session_title(fifty + "k") == "abcdefghi abcdefghi abcdefghi abcdefghi\u2026");
  CHECK(session_title("abcdefghi abcdefghi abcdefghi abcdefghi, abcdefgh ij") ==
        "abcdefghi abcdefghi abcdefghi abcdefghi, abcdefgh\u2026");
  CHECK(session_title("abcdefghi abcdefghi abcdefghi abcdefghi abcdef, and so on") ==
        "abcdefghi abcdefghi abcdefghi abcdefghi abcdef\u2026");
}

TEST_CASE("text without a word's end in reach is cut inside, never inside a character") {
  const auto repeated = [](std::string_view part, int count) {
    std::string text;
    while (count-- > 0) text += part;
    return text;
  };
  CHECK(session_title(repeated("\u4E16", 60)) == repeated("\u4E16", 49) + "\u2026");
  CHECK(session_title("I " + repeated("\u00E9", 60)) == "I " + repeated("\u00E9", 47) + "\u2026");
  CHECK(session_title(repeated("\u4E16", 50)) == repeated("\u4E16", 50));
}

TEST_CASE("a message with nothing to read is called New story") {
  for (const std::string_view empty :
       {"", " \n\t", "***", "...", "\"\"", "# ", "!!!", "\u3000\n\n-"}) {
    CAPTURE(empty);
    CHECK(session_title(empty) == "New story");
  }
  CHECK(session_title("\U0001F98A") == "\U0001F98A");
}

TEST_CASE("any valid text gives one line of 1 to 50 code points") {
  tests::Mutations mutations({"# \"The Fox\" and **the** hare... 'tis said. Yes!",
                              "\u201C\u4F60\u597D\u3002\u201D\u4E16\u754C \U0001F98A_x_",
                              "a long sentence that goes on and on until it is cut somewhere here",
                              "\n\n> - \u00ABMr. J.\u00BB\n\n\u2028"});
  int valid = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto message = mutations.next();
    if (!text::is_valid_utf8(message)) continue;
    ++valid;
    const auto title = session_title(message);
    CAPTURE(message);
    REQUIRE(text::is_valid_utf8(title));
    REQUIRE(!title.empty());
    REQUIRE(text::count_code_points(title) <= text::kMaximumTitleCodePoints);
    REQUIRE(title.find_first_of("\r\n\t*`") == std::string::npos);
  }
  CHECK(valid > 5000);
}
