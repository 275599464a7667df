#include "shared/prompts/prompt.hpp"

#include <doctest/doctest.h>

#include <string>

#include "generated/prompts.hpp"

using namespace fabula;
using prompts::filled;
using prompts::Prompt;

TEST_CASE("values stand in their places, whatever they hold") {
  const Prompt prompt{"p", 1, "p-1", "{{a}} and {{b}}, {{a}}."};
  CHECK(filled(prompt, {{"a", "x"}, {"b", "y"}}) == "x and y, x.");
  // Text that a person has written is never a place.
  CHECK(filled(prompt, {{"a", "{{b}}"}, {"b", "{{a}}"}}) == "{{b}} and {{a}}, {{b}}.");
  CHECK(filled(prompt, {{"a", ""}}) == " and {{b}}, .");
}

TEST_CASE("what is no place stays as it is") {
  CHECK(filled({"p", 1, "p-1", "a {{b"}, {{"b", "x"}}) == "a {{b");
  CHECK(filled({"p", 1, "p-1", "{a} }} {{}}"}, {{"a", "x"}}) == "{a} }} {{}}");
  CHECK(filled({"p", 1, "p-1", ""}, {{"a", "x"}}).empty());
}

TEST_CASE("embedded prompts have their file's name, version and text") {
  CHECK(prompts::kExtraction.name == "extraction");
  CHECK(prompts::kExtraction.version >= 1);
  CHECK(prompts::kExtraction.label == "extraction-" + std::to_string(prompts::kExtraction.version));
  CHECK(prompts::kGoOn.text.starts_with("Go on exactly"));
  CHECK(prompts::kGoOn.text.ends_with("begin with a space."));
  // A heading separates two other texts.
  CHECK(prompts::kSummaryHeading.text.starts_with("\n\n# What"));
  CHECK(prompts::kSummaryHeading.text.ends_with(":\n\n"));
  CHECK(prompts::kSummaryQuestionNothing == "(none)");
}

TEST_CASE("every place of a prompt is one that code fills") {
  const auto is_full = [](const std::string& text) {
    return text.find("{{") == std::string::npos && text.find("}}") == std::string::npos;
  };
  CHECK(is_full(filled(prompts::kSummary, {{"maximum_words", "9"}})));
  CHECK(is_full(filled(prompts::kSummaryQuestion, {{"notes", "n"}, {"messages", "m"}})));
  CHECK(is_full(
      filled(prompts::kExtractionQuestion, {{"known", "k"}, {"before", "b"}, {"parts", "p"}})));
  CHECK(is_full(filled(prompts::kAnswerCorrection, {{"faults", "f"}})));
  CHECK(is_full(filled(prompts::kToldFacts, {{"missing", "m"}})));
  // The database fills these in, as it does in a character's own texts.
  CHECK(is_full(filled(prompts::kCharacter, {{"char", "c"}, {"user", "u"}})));
  for (const auto* prompt : {&prompts::kChat, &prompts::kCompanion, &prompts::kDescription,
                             &prompts::kScene, &prompts::kDossierHeading, &prompts::kSummaryHeading,
                             &prompts::kGoOn, &prompts::kExtraction, &prompts::kAnswerForm}) {
    CAPTURE(prompt->name);
    CHECK(is_full(std::string(prompt->text)));
  }
}
