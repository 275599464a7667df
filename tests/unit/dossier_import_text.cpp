#include "shared/dossier/import/text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "shared/text/blank.hpp"
#include "shared/text/utf8.hpp"

using namespace fabula;
using namespace std::string_view_literals;
using dossier::ImportFormat;
using dossier::ImportPlan;

namespace {

ImportPlan plan(std::string_view text, ImportFormat format = ImportFormat::markdown) {
  auto result = dossier::plan_import(text, format);
  REQUIRE(result.has_value());
  return std::move(*result);
}

std::vector<std::string> titles(const ImportPlan& plan) {
  std::vector<std::string> out;
  for (const auto& chapter : plan.chapters) out.push_back(chapter.title);
  return out;
}

std::string_view part(const ImportPlan& plan, std::size_t begin, std::size_t end) {
  return std::string_view(plan.text).substr(begin, end - begin);
}

std::string repeated(std::string_view words, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out.append(words);
  return out;
}

// The rules for every plan: order, limits, whole characters, and nothing left out except
// `left_out`.
void check_plan(const ImportPlan& plan) {
  std::size_t last = 0;
  for (const auto& chapter : plan.chapters) {
    CHECK(chapter.begin >= last);
    CHECK(chapter.begin < chapter.end);
    last = chapter.end;
  }
  CHECK(last <= plan.text.size());
  last = 0;
  CHECK(plan.steps.size() <= dossier::kMaximumImportSteps);
  for (const auto& step : plan.steps) {
    REQUIRE(step.begin >= last);
    REQUIRE(step.begin < step.end);
    REQUIRE(step.end <= plan.text.size());
    CHECK(step.end - step.begin <= dossier::kMaximumStepBytes);
    CHECK(text::is_valid_utf8(part(plan, step.begin, step.end)));
    CHECK(step.begin >= plan.chapters[step.chapter].begin);
    CHECK(step.begin < plan.chapters[step.chapter].end);
    last = step.end;
  }
}

// Only white space is between the steps.
void check_all_is_read(const ImportPlan& plan) {
  std::size_t last = 0;
  for (const auto& step : plan.steps) {
    CHECK(text::is_blank(part(plan, last, step.begin)));
    last = step.end;
  }
  CHECK(text::is_blank(part(plan, last, plan.text.size())));
}

using Titles = std::vector<std::string>;

}  // namespace

TEST_CASE("Markdown is cut at headings of the first two levels") {
  const auto book = plan(
      "# The Lighthouse\n\n## One ##\nMara came.\n\n### A section\nShe left.\n\n## Two\nThe "
      "end.\n");
  check_plan(book);
  check_all_is_read(book);
  CHECK(book.title == "The Lighthouse");
  CHECK(titles(book) == Titles{"One", "Two"});
  CHECK(part(book, book.chapters[0].begin, book.chapters[0].end) ==
        "# The Lighthouse\n\n## One ##\nMara came.\n\n### A section\nShe left.");
  CHECK(part(book, book.chapters[1].begin, book.chapters[1].end) == "## Two\nThe end.");
}

TEST_CASE("what stands before the first heading is a chapter without a title") {
  const auto book = plan("For my sister.\n\n# One\nText.\n\n# Two\nText.");
  CHECK(titles(book) == Titles{"", "One", "Two"});
  check_all_is_read(book);
}

TEST_CASE("the first level that there is makes the chapters") {
  CHECK(titles(plan("### One\na\n#### Deeper\nb\n### Two\nc")) == Titles{"One", "Two"});
}

TEST_CASE("headings may be underlined") {
  const auto book =
      plan("The Sea\n=======\n\nText.\n\nThe Land\n---\n\nMore.\n", ImportFormat::plain);
  CHECK(titles(book) == Titles{"The Sea", "The Land"});
  check_all_is_read(book);
  CHECK(titles(plan("He left.\n---\nLater he came.")) == Titles{"", ""});
}

TEST_CASE("chapters are known by their lines in plain text") {
  for (const std::string_view line :
       {"Chapter 1", "CHAPTER ONE", "Chapter 2: The Sea", "Chapter IV. A Visit", "CHAPTER XXI",
        "Chapter Three The Boy Who Lived", "Part Two", "Prologue", "EPILOGUE", "Kapitel 3"}) {
    CAPTURE(line);
    const std::string text = "Before.\n\n" + std::string(line) + "\n\nMara came home.\n";
    const auto book = plan(text, ImportFormat::plain);
    CHECK(titles(book) == Titles{"", std::string(line)});
  }
  for (const std::string_view line :
       {"第一章", "第十二回 大鬧天宮", "第3章　海", "제3장", "序章"}) {
    CAPTURE(line);
    const std::string text = "前書き。\n\n" + std::string(line) + "\n\n彼女は帰った。\n";
    CHECK(titles(plan(text, ImportFormat::plain)) == Titles{"", std::string(line)});
  }
}

TEST_CASE("sentences that begin like a heading are none") {
  for (const std::string_view line :
       {"Chapter 3 of the report was missing.", "Part of him knew.", "Part one of the plan failed.",
        "Book me a table.", "第一次见面", "Chapter"}) {
    CAPTURE(line);
    const std::string text = "Before.\n\n" + std::string(line) + "\n\nMara came home.\n";
    CHECK(titles(plan(text, ImportFormat::plain)) == Titles{""});
  }
  // Within a paragraph.
  CHECK(titles(plan("He opened\nChapter 1\nand read.", ImportFormat::plain)) == Titles{""});
}

TEST_CASE("numbers that stand alone are headings where they count up") {
  CHECK(titles(plan("I.\n\nMara.\n\nII.\n\nTom.\n\nIII.\n\nEve.", ImportFormat::plain)) ==
        Titles{"I.", "II.", "III."});
  CHECK(titles(plan("1\n\nMara.\n\n2\n\nTom.\n\n1984\n\nEve.", ImportFormat::plain)) ==
        Titles{"1", "2"});
  CHECK(titles(plan("Mara.\n\n17\n\nTom.\n\n42\n\nEve.", ImportFormat::plain)) == Titles{""});
  CHECK(titles(plan("Who did it?\n\nI.\n\nHe said so.", ImportFormat::plain)) == Titles{""});
}

TEST_CASE("without headings, lines of asterisks divide a text") {
  const auto book = plan("Mara came.\n\n* * *\n\nTom left.\n\n***\n\nEve.\n\n* * *\n\n * * *\n");
  CHECK(titles(book) == Titles{"", "", ""});
  CHECK(part(book, book.chapters[1].begin, book.chapters[1].end) == "Tom left.");
  // With headings they are scenes of a chapter.
  CHECK(titles(plan("# One\nMara.\n\n* * *\n\nTom.\n\n# Two\nEve.")) == Titles{"One", "Two"});
}

TEST_CASE("front matter is left out, and gives the title") {
  const auto book = plan("---\ntitle: \"The Sea\"\ndraft: yes\n---\n# One\nMara.\n\n# Two\nTom.");
  CHECK(book.title == "The Sea");
  CHECK(titles(book) == Titles{"One", "Two"});
  CHECK(book.text.substr(book.steps[0].begin, 5) == "# One");
  // None: nothing closes it, or it has no members.
  const auto open = plan("---\ntitle: x\nMara.");
  CHECK(open.title.empty());
  CHECK(part(open, open.steps[0].begin, open.steps[0].end) == "title: x\nMara.");
  CHECK(titles(plan("---\nMara came.\n\n---\n\nTom.")) == Titles{"", ""});
  CHECK(titles(plan("---\ntitle: x\n---\nMara.")) == Titles{""});
}

TEST_CASE("headings in fenced code are none, and a fence that is not closed is none") {
  CHECK(titles(plan("# One\n```\n# no\n```\ntext\n~~~~\n# no\n~~~\n# no\n~~~~\n# Two\nb")) ==
        Titles{"One", "Two"});
  CHECK(titles(plan("# One\n```\ntext\n# Two\nb")) == Titles{"One", "Two"});
}

TEST_CASE("byte-order marks, CRLF, CR and NUL") {
  const auto book = plan("\xEF\xBB\xBF# One\r\nMara.\r\n\r\n# Two\rTom\0."sv);
  CHECK(book.text.substr(0, 12) == "# One\nMara.\n");
  CHECK(book.text.find('\0') == std::string::npos);
  CHECK(titles(book) == Titles{"One", "Two"});
}

TEST_CASE("a text without divisions is cut into about equal parts where paragraphs end") {
  std::string text;
  for (std::size_t i = 0; i < 800; ++i) {
    text += repeated("Mara went on. ", 100 + i % 90) + "\n\n";
  }
  const auto book = plan(text, ImportFormat::plain);
  check_plan(book);
  check_all_is_read(book);
  CHECK(book.chapters.size() >= 3);
  for (const auto& chapter : book.chapters) {
    CHECK(chapter.end - chapter.begin > text.size() / book.chapters.size() / 2);
    CHECK(text.substr(chapter.end, 2).find_first_not_of(" \n") == std::string::npos);
    CHECK(book.text[chapter.end - 1] == '.');
  }
  for (const auto& step : book.steps) CHECK(book.text.substr(step.end, 3).find('\n') < 3);
}

TEST_CASE("one huge paragraph is cut where sentences end, else words, else characters") {
  const auto sentences = plan(repeated("Mara went on and on (“home.”) ", 100'000));
  check_plan(sentences);
  check_all_is_read(sentences);
  for (const auto& step : sentences.steps) CHECK(sentences.text[step.end - 1] == ')');

  const auto words = plan(repeated("mara ", 50'000));
  check_all_is_read(words);
  for (const auto& step : words.steps) CHECK(words.text.substr(step.begin, 4) == "mara");

  const auto letters = plan(std::string(50'000, 'x'));
  check_plan(letters);
  check_all_is_read(letters);
}

TEST_CASE("texts without spaces are cut behind their sentences") {
  const auto book = plan(repeated("彼女は帰ってきた。「ただいま。」", 60'000), ImportFormat::plain);
  check_plan(book);
  check_all_is_read(book);
  for (const auto& step : book.steps) {
    const auto text = part(book, step.begin, step.end);
    const auto end = text.substr(text.size() - 3);
    CHECK((end == "。" || end == "」"));
    CHECK(text.substr(0, 3) != "」");
  }
  const auto unbroken = plan(repeated("海", 60'000), ImportFormat::plain);
  check_plan(unbroken);
  check_all_is_read(unbroken);
}

TEST_CASE("short chapters share a step, long ones have several") {
  std::string notes;
  for (int i = 0; i < 2000; ++i) notes += "# Note\nMara is tall.\n\n";
  const auto many = plan(notes);
  check_plan(many);
  check_all_is_read(many);
  CHECK(many.chapters.size() == 2000);
  CHECK(many.steps.size() < 10);

  std::string chapters;
  for (int i = 0; i < 3; ++i) chapters += "# C\n" + repeated("Mara is tall. ", 1000) + "\n\n";
  CHECK(plan(chapters).steps.size() == 3);

  // However it is divided, the greatest text has no more steps than are allowed.
  for (const std::size_t bytes : {610U, 1500U, 3100U, 6010U, 12'100U}) {
    std::string book;
    while (book.size() + bytes < dossier::kMaximumImportBytes) {
      book += "# C\n" + repeated("Mara is tall.\n\n", bytes - 20);
    }
    const auto full = plan(book);
    check_plan(full);
    check_all_is_read(full);
  }
}

TEST_CASE("what cannot be imported is refused") {
  const auto code = [](std::string_view text) {
    auto result = dossier::plan_import(text, ImportFormat::plain);
    REQUIRE(!result.has_value());
    return result.error().code;
  };
  CHECK(code("") == ErrorCode::invalid_request);
  CHECK(code(" \r\n\n\xE3\x80\x80") == ErrorCode::invalid_request);
  CHECK(code("Mara \xFF") == ErrorCode::invalid_request);
  CHECK(code("* * *\n\n* * *") == ErrorCode::invalid_request);
  CHECK(code(std::string(dossier::kMaximumImportBytes + 1, 'x')) == ErrorCode::body_too_large);
  CHECK(plan("# The End").chapters.size() == 1);
}

TEST_CASE("hostile texts cost no more than their length") {
  for (const std::string_view line : {"```\n", "~~~~ a\n", "* * *\n", "1\n\n", "# \n", "\n", "=\n",
                                      "a\n===\n\n", "Chapter 1\n\n", "---\n", "\xF0\x9F\x98\x80"}) {
    CAPTURE(line);
    const auto text = repeated(line, 200'000);
    const auto result = dossier::plan_import(text, ImportFormat::markdown);
    if (result) check_plan(*result);
  }
}
