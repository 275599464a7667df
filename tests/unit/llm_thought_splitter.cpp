#include "shared/llm/stream/thought_splitter.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/collecting_sink.hpp"

using namespace fabula;
using llm::ThoughtForm;

namespace {

struct Split {
  std::string text;
  std::string reasoning;
  bool operator==(const Split&) const = default;
};

// Cut after every `piece_bytes`; pieces of one byte only fit texts of ASCII.
Split split(std::string_view answer, ThoughtForm form, std::size_t piece_bytes) {
  llm::ThoughtSplitter splitter(form);
  tests::CollectingSink sink;
  splitter.set_sink(sink);
  for (std::size_t at = 0; at < answer.size(); at += piece_bytes) {
    splitter.on_text(answer.substr(at, piece_bytes));
  }
  splitter.flush();
  return {sink.text, sink.reasoning};
}

void check(std::string_view answer, const Split& expected, ThoughtForm form) {
  CAPTURE(answer);
  for (const std::size_t piece_bytes :
       {std::size_t{1}, std::size_t{3}, std::size_t{7}, answer.size()}) {
    CAPTURE(piece_bytes);
    const auto got = split(answer, form, piece_bytes);
    CHECK(got.text == expected.text);
    CHECK(got.reasoning == expected.reasoning);
  }
}

}  // namespace

TEST_CASE("a block before the text is reasoning, whatever the pieces") {
  for (const auto form :
       {ThoughtForm::tagged, ThoughtForm::likely_untagged, ThoughtForm::untagged}) {
    check("<think>\nplan\n</think>\n\nThe door was warm.", {"The door was warm.", "\nplan\n"},
          form);
    check("\n<think></think>\n\nDie Tuer war warm.", {"Die Tuer war warm.", ""}, form);
    check("<think>a</think><think>b</think> La porta era calda.", {"La porta era calda.", "ab"},
          form);
    check("<thinking>plan</thinking>La puerta.", {"La puerta.", "plan"}, form);
    check("<think>a < b </thin </think>x", {"x", "a < b </thin "}, form);
    check("<think>never closed", {"", "never closed"}, form);
    check("<thunder> rolled.", {"<thunder> rolled.", ""}, form);
    check("\n\nThe door <think> stays </think>.", {"\n\nThe door <think> stays </think>.", ""},
          form);
    check("On the wall: <think> and below it </think>. End.",
          {"On the wall: <think> and below it </think>. End.", ""}, form);
    check("<think>p</think>He wrote </think> and <think>.", {"He wrote </think> and <think>.", "p"},
          form);
    check(" \n ", {"", ""}, form);
    check("</think>\n\nThe door.", {"The door.", ""}, form);
    check("</th", {"</th", ""}, form);
    check("[THINK]plan[/THINK]\n\nThe door.", {"The door.", "plan"}, form);
    check("<seed:think>plan</seed:think>The door.", {"The door.", "plan"}, form);
    check("\u25C1think\u25B7plan\u25C1/think\u25B7The door.", {"The door.", "plan"}, form);
    check("<think>p</think>\n<think>q</think>\n", {"", "pq"}, form);
    check("<thi", {"<thi", ""}, form);
  }
}

TEST_CASE("a block whose tag the template has opened is reasoning when its end comes") {
  const std::string_view kAnswer =
      "Okay, a door. The keeper is dead.\n</think>\n\nThe door was warm.";
  const Split kExpected{"The door was warm.", "Okay, a door. The keeper is dead.\n"};
  check(kAnswer, kExpected, ThoughtForm::likely_untagged);
  check(kAnswer, kExpected, ThoughtForm::untagged);
  check(kAnswer, {std::string(kAnswer), ""}, ThoughtForm::tagged);
  check("Plan: fog.</think>Fog.", {"Fog.", "Plan: fog."}, ThoughtForm::untagged);
  check("Okay, said the fox, and went.", {"Okay, said the fox, and went.", ""},
        ThoughtForm::likely_untagged);
  check("Once upon a time.", {"Once upon a time.", ""}, ThoughtForm::untagged);
  for (const auto& [thought, text] : {std::pair{"好的，用户想要一扇门。", "门是温的。"},
                                      {"Хорошо, пользователь просит дверь.", "Дверь была тёплой."},
                                      {"Hmm, the user wants a door.", "Die Tür war warm."},
                                      {"Let me think. A door.", "La puerta estaba tibia."},
                                      {"The user wants a door.", "文は温かかった。"}}) {
    const auto answer = std::string(thought) + "</think>\n" + text;
    const auto got = split(answer, ThoughtForm::likely_untagged, answer.size());
    CHECK(got.text == text);
    CHECK(got.reasoning == thought);
  }
}

TEST_CASE("an end that nothing has begun is text, where the server takes reasoning out") {
  check("The door.</think> And so on.", {"The door.</think> And so on.", ""}, ThoughtForm::tagged);
  // Once the text has begun, no end of reasoning takes it back.
  check("Once, </think> it said.", {"Once, </think> it said.", ""}, ThoughtForm::likely_untagged);
}

TEST_CASE("an answer of blanks is none, in whichever script") {
  for (const std::string_view blank :
       {"\u00a0", "\u3000\n", "\u200b\u200b", "\ufeff", " \u2028 "}) {
    for (const auto form :
         {ThoughtForm::tagged, ThoughtForm::likely_untagged, ThoughtForm::untagged}) {
      CHECK(split(blank, form, blank.size()) == Split{});
      const auto thought = std::string(blank) + "<think>plan</think>" + std::string(blank);
      CHECK(split(thought, form, thought.size()) == Split{"", "plan"});
    }
  }
  // Chinese and Japanese paragraphs begin with such a space.
  const std::string_view kParagraph = "<think>计划</think>\n\n\u3000\u3000门是温的。";
  CHECK(split(kParagraph, ThoughtForm::tagged, kParagraph.size()) ==
        Split{"\u3000\u3000门是温的。", "计划"});
}

TEST_CASE("blanks without an end do not fill the memory, and the text after them is told") {
  llm::ThoughtSplitter splitter(ThoughtForm::tagged);
  tests::CollectingSink sink;
  splitter.set_sink(sink);
  for (int i = 0; i < 3'000; ++i) splitter.on_text(std::string(1024, '\n'));
  CHECK(sink.text.empty());
  splitter.on_text("The door.");
  CHECK(sink.text.size() < std::size_t{8} << 10);
  CHECK(sink.text.ends_with("The door."));
}

TEST_CASE("text that cannot be reasoning is told at once, other text is held back") {
  llm::ThoughtSplitter splitter(ThoughtForm::likely_untagged);
  tests::CollectingSink sink;
  splitter.set_sink(sink);
  splitter.on_text("Once");
  CHECK(sink.text == "Once");
  CHECK_FALSE(splitter.is_holding());

  llm::ThoughtSplitter other(ThoughtForm::likely_untagged);
  other.set_sink(sink);
  other.on_text("Okay, ");
  CHECK(sink.text == "Once");
  CHECK(other.is_holding());
}

TEST_CASE("a server that tells reasoning apart has left none in the text") {
  llm::ThoughtSplitter splitter(ThoughtForm::untagged);
  tests::CollectingSink sink;
  splitter.set_sink(sink);
  splitter.on_reasoning("plan");
  splitter.on_text("The door");
  CHECK(sink.text == "The door");
  CHECK(sink.reasoning == "plan");
}

TEST_CASE("an endless beginning is a text in the end") {
  llm::ThoughtSplitter splitter(ThoughtForm::untagged);
  tests::CollectingSink sink;
  splitter.set_sink(sink);
  for (int i = 0; i < 200; ++i) splitter.on_text(std::string(1024, 'a'));
  CHECK(sink.text.size() == 200 * 1024);
}
