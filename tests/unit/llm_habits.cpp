#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "tests/unit/collecting_sink.hpp"
#include "tests/unit/habits.hpp"

using namespace fabula;

namespace {

constexpr llm::WireFormat kFormats[] = {llm::WireFormat::openai, llm::WireFormat::anthropic,
                                        llm::WireFormat::gemini};

template <class Check>
void for_each_habit(Check check) {
  for (const auto format : kFormats) {
    for (const auto& habit : tests::habits_of(format)) {
      CAPTURE(llm::name(format));
      CAPTURE(habit.name);
      REQUIRE(habit.expected.is_object());
      check(format, habit);
    }
  }
}

std::string end_of(const tests::Decoded& decoded) {
  return json::dump(tests::as_expected(decoded));
}

}  // namespace

TEST_CASE("every habit is decoded as expected, whatever the framing and the pieces") {
  int habits = 0;
  for_each_habit([&](llm::WireFormat format, const tests::Habit& habit) {
    ++habits;
    const auto expected = json::dump(habit.expected);
    const auto with_comments = tests::with_comments(habit.body);
    for (const auto& body : {habit.body, tests::with_line_ends(habit.body, "\r\n"),
                             tests::with_line_ends(habit.body, "\r"), with_comments,
                             tests::with_line_ends(with_comments, "\r\n")}) {
      CHECK(end_of(tests::decode(format, body)) == expected);
      CHECK(end_of(tests::decode(format, "\xEF\xBB\xBF" + body, 1)) == expected);
      CHECK(end_of(tests::decode(format, body, 7)) == expected);
    }
  });
  CHECK(habits > 120);
}

TEST_CASE("a habit cut in two at any byte gives the same") {
  for_each_habit([](llm::WireFormat format, const tests::Habit& habit) {
    for (const auto& body : {habit.body, tests::with_line_ends(habit.body, "\r\n")}) {
      const auto whole = tests::decode(format, body);
      int differences = 0;
      for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        const auto stream = llm::make_decoder(format);
        tests::CollectingSink sink;
        tests::feed_copy(*stream, std::string_view(body).substr(0, cut), sink);
        tests::feed_copy(*stream, std::string_view(body).substr(cut), sink);
        if (!tests::is_same(tests::end(*stream, sink), whole)) ++differences;
      }
      CHECK(differences == 0);
    }
  });
}

// A complete answer stays complete, unless an error follows; before that, the result is its
// beginning.
TEST_CASE("a habit that ends early is not complete until its end, and keeps what is there") {
  for_each_habit([](llm::WireFormat format, const tests::Habit& habit) {
    const auto whole = tests::decode(format, habit.body);
    int faults = 0;
    bool was_complete = false;
    for (std::size_t size = 0; size <= habit.body.size(); ++size) {
      const auto part = tests::decode(format, std::string_view(habit.body).substr(0, size));
      const bool is_prefix = whole.text.compare(0, part.text.size(), part.text) == 0 &&
                             whole.reasoning.compare(0, part.reasoning.size(), part.reasoning) == 0;
      const bool has_end = part.summary.complete == !part.summary.problem.has_value();
      const bool stays = part.summary.complete || !was_complete || !whole.summary.complete;
      if (!is_prefix || !has_end || !stays) ++faults;
      was_complete = part.summary.complete;
    }
    CHECK(faults == 0);
  });
}
