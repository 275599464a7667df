#include "shared/jobs/session_summary.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/text/utf8.hpp"
#include "shared/turn/summary.hpp"

using namespace fabula;

TEST_CASE("the question has the notes so far and who said what after them, in its order") {
  const auto messages =
      *json::parse(R"([{"role":"user","content":"A fox."},{"role":"assistant","content":"Red?"}])");
  CHECK(jobs::summary_question("", messages) ==
        "The notes so far:\n\n(none)\n\nWhat was said after them:\n\nPerson: A fox.\n\n"
        "Co-writer: Red?\n\nThe new notes:");
  CHECK(jobs::summary_question("Mara lives there.", messages).find("\n\nMara lives there.\n") !=
        std::string::npos);
  CHECK(jobs::summary_instructions(120).find("at most 120 words") != std::string::npos);
}

TEST_CASE("of an answer the notes are kept, without what the model put around them") {
  for (const std::string answer :
       {"A red fox.", "  A red fox.\n", "```\nA red fox.\n```", "```text\nA red fox.\n```\n",
        "<think>So?</think>\nA red fox."}) {
    CAPTURE(answer);
    CHECK(jobs::summary_of_answer(answer, 100) == "A red fox.");
  }
  CHECK(jobs::summary_of_answer("<think>So?</think> ", 100).empty());
  CHECK(jobs::summary_of_answer("``````", 100) == "``````");
}

TEST_CASE("a long answer ends with a sentence where one ends, and never inside a character") {
  CHECK(jobs::summary_of_answer("A fox. It is red. It has a den.", 20) == "A fox. It is red.");
  CHECK(jobs::summary_of_answer("A fox. It is 3.5 years old now", 20) == "A fox. It is 3.5 yea");
  const std::string accents = "\u00e9\u00e9\u00e9\u00e9\u00e9";
  for (std::size_t bytes = 0; bytes <= accents.size(); ++bytes) {
    const auto cut = jobs::summary_of_answer(accents, bytes);
    CHECK(cut.size() == bytes / 2 * 2);
    CHECK(text::is_valid_utf8(cut));
  }
}

TEST_CASE("a summary stands after the instructions, below its heading") {
  CHECK(turn::with_summary("Be kind.", "") == "Be kind.");
  const auto prompt = turn::with_summary("Be kind.", "A fox.");
  CHECK(prompt == "Be kind." + std::string(turn::summary_heading()) + "A fox.");
}
