#include "shared/story/export/export.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/story/export/blocks.hpp"
#include "shared/story/export/book_language.hpp"
#include "shared/story/export/clean.hpp"
#include "shared/story/export/file_name.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/writers.hpp"
#include "shared/story/export/zip.hpp"

using namespace fabula;
using namespace fabula::story;

namespace {

// Paragraphs as lines, for comparing: "p:", "h:", "q:", "-" with *emphasis* and **strong** put
// back.
std::string shown(std::string_view text) {
  std::string out;
  for (const auto& block : read_blocks(text)) {
    switch (block.kind) {
      case BlockKind::paragraph:
        out += "p:";
        break;
      case BlockKind::heading:
        out += "h:";
        break;
      case BlockKind::quote:
        out += "q:";
        break;
      case BlockKind::scene_break:
        out += "-";
        break;
    }
    for (const auto& span : block.spans) {
      const std::string mark((span.is_emphasised ? 1U : 0U) + (span.is_strong ? 2U : 0U), '^');
      out += mark + span.text + mark;
    }
    out += ";";
  }
  return out;
}

Book parsed(std::string_view text) {
  const auto document = json::parse(text);
  REQUIRE(document);
  auto book = read_book(*document);
  REQUIRE(book);
  return *std::move(book);
}

constexpr std::string_view kBook = R"({"project_id":"0B8F3D3E-1B9B-4C3E-9C5A-2F6D1B7A9E10",
  "title":"The Door/Sea","author":"A. Nobody","language":"en","premise":"A door in the sea.",
  "created_at":"2026-11-01T08:00:00.5+00:00","updated_at":"2026-11-02T09:30:15.123456+00:00",
  "settings":{"story_tone":"Dark"},"chapters":[
  {"number":1,"title":"**Rain**","scenes":[
   {"part_id":"a","number":1,"title":"The Lamp","text":"## Scene 1: The Lamp\n\nIt *rained*.","plan":{"description":"Rain falls."}},
   {"part_id":"b","number":2,"title":"The Key","text":"SHE SAW TO:\n","plan":null},
   {"part_id":"c","number":3,"title":"Unwritten","text":"","plan":{}}]},
  {"number":2,"title":"","scenes":[{"part_id":"d","number":4,"title":"","text":"Mara left & <b>never</b> came back.","plan":null}]},
  {"number":3,"title":"Planned","scenes":[{"part_id":"e","number":5,"title":"X","text":null,"plan":{}}]}],
  "dossier":{"characters":[{"id":"1","name":"Mara","aliases":["the keeper"],"description":"Keeps the light.",
    "age":"30","character_arc":null,"relationships":["sister: Nora"],"locked":["*"]}],
   "themes":["Loss"],"locations":[{"name":"The Shore"}],"objects":[],"plot_points":["It rains."],
   "open_questions":[{"id":"q","kind":"value","text":"How old is Mara?","values":[{"entry":"e","value":"30","quote":"She is 30"}]}],
   "logline":"Rain."}})";

std::string written(const Book& book, std::string_view format) {
  const auto file = export_book(book, format);
  REQUIRE(file);
  return file->bytes;
}

}  // namespace

TEST_CASE("paragraphs end at blank lines and at line breaks") {
  CHECK(shown("One.\nTwo.\n") == "p:One.;p:Two.;");
  CHECK(shown("One.\r\n\r\nTwo.\rThree.") == "p:One.;p:Two.\nThree.;");
  CHECK(shown("Roses are red,\nviolets are blue.\n\nShe read it.") ==
        "p:Roses are red,\nviolets are blue.;p:She read it.;");
  const std::string line(70, 'x');
  CHECK(shown(line + "\n" + line + "\n\nEnd.") == "p:" + line + ";p:" + line + ";p:End.;");
  CHECK(shown("").empty());
  CHECK(shown(" \n\xC2\xA0\n\xE2\x80\x8B").empty());
}

TEST_CASE("rules, headings and quotes of a text") {
  CHECK(shown("***\n\nA\n\n* * *\n---\n\nB\n#\nC\n\n⁂") == "p:A;-;p:B;-;p:C;");
  CHECK(shown("\\*\\*\\*\nA\n\\* \\* \\*\nB") == "p:A;-;p:B;");
  CHECK(shown("# Chapter **One** #\nText\n#hashtag") == "h:Chapter ^^One^^;p:Text;p:#hashtag;");
  CHECK(shown("> Dear Mara,\n> come.\n\nShe went.") == "q:Dear Mara,\ncome.;p:She went.;");
  CHECK(shown("- Yes, she said.\n1. No.") == "p:- Yes, she said.;p:1. No.;");
}

TEST_CASE("emphasis as models write it") {
  CHECK(shown("a *b* **c** ***d*** _e_ __f__") == "p:a ^b^ ^^c^^ ^^^d^^^ ^e^ ^^f^^;");
  CHECK(shown("**bold *both***") == "p:^^bold ^^^^^both^^^;");
  CHECK(shown("他*很*好。**“不。”**他说") == "p:他^很^好。^^“不。”^^他说;");
  CHECK(shown("f*ck this sh*t, snake_case_name") == "p:f*ck this sh*t, snake_case_name;");
  CHECK(shown("5 * 3 * 2, *open, \\*not\\*") == "p:5 * 3 * 2, *open, *not*;");
  CHECK(shown("*a _b* c_") == "p:^a _b^ c_;");
  CHECK(shown("****x****") == "p:****x****;");
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += "*a _b ";
  CHECK(read_blocks(many).size() == 1);
}

TEST_CASE("cleaned text has only characters that XML and HTML allow") {
  CHECK(clean_text(std::string_view("a\0b\x1B\x7F\tc", 8)) == "ab c");
  CHECK(clean_text("\xEF\xBB\xBF"
                   "a\xC2\x85"
                   "b\xE2\x80\xA8"
                   "c\r\nd\re") == "a\nb\nc\nd\ne");
  CHECK(clean_text("\xED\xA0\x80x\xFF") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
  CHECK(clean_text("\xEF\xBF\xBE\xEF\xB7\x90\xF0\x9F\xBF\xBF\xC2\x80") == "");
  CHECK(clean_line("  a \n\n b ") == "a b");
}

TEST_CASE("names of files") {
  CHECK(file_name("The Door/Sea: a \\ story?", ".md") == "The Door Sea a story.md");
  CHECK(file_name("../../etc/passwd", ".txt") == "etc passwd.txt");
  CHECK(file_name("...", ".epub") == "story.epub");
  CHECK(file_name("CON", ".txt") == "_CON.txt");
  CHECK(file_name("a\xE2\x80\xAE"
                  "cod.exe",
                  ".md") == "a cod.exe.md");
  std::string long_title;
  for (int i = 0; i < 500; ++i) long_title += "海";
  CHECK(file_name(long_title, ".epub").size() <= 150);
  CHECK(content_disposition("Das Tür.md") ==
        "attachment; filename=\"Das T_r.md\"; filename*=UTF-8''Das%20T%C3%BCr.md");
  CHECK(content_disposition("海の扉.epub") ==
        "attachment; filename=\"story.epub\"; "
        "filename*=UTF-8''%E6%B5%B7%E3%81%AE%E6%89%89.epub");
  CHECK(content_disposition("a\"\r\nb.md") ==
        "attachment; filename=\"a_b.md\"; filename*=UTF-8''a%22%0D%0Ab.md");
}

TEST_CASE("languages and their direction") {
  CHECK(book_language("pt_BR") == "pt-BR");
  CHECK(book_language("English") == "und");
  CHECK(book_language("en\"><x") == "und");
  CHECK(book_language("en-") == "und");
  CHECK(is_right_to_left("he"));
  CHECK(is_right_to_left("pa-Arab"));
  CHECK_FALSE(is_right_to_left("ar-Latn"));
  CHECK_FALSE(is_right_to_left("und"));
}

TEST_CASE("the checksum of ZIP") { CHECK(crc32("123456789") == 0xCBF43926U); }

TEST_CASE("an archive begins with its type, stored, and has no clock in it") {
  const auto book = parsed(kBook);
  const auto bytes = written(book, "epub");
  CHECK(bytes.substr(0, 4) == "PK\x03\x04");
  CHECK(bytes.substr(30, 28) == "mimetypeapplication/epub+zip");
  CHECK(bytes.find("urn:uuid:0b8f3d3e-1b9b-4c3e-9c5a-2f6d1b7a9e10") != std::string::npos);
  CHECK(bytes.find("<meta property=\"dcterms:modified\">2026-11-02T09:30:15Z</meta>") !=
        std::string::npos);
}

TEST_CASE("a book as Markdown") {
  CHECK(written(parsed(kBook), "md") ==
        "---\ntitle: \"The Door/Sea\"\nauthor: \"A. Nobody\"\nlang: \"en\"\n"
        "description: \"A door in the sea.\"\ndate: \"2026-11-02T09:30:15Z\"\n"
        "identifier: \"urn:uuid:0b8f3d3e-1b9b-4c3e-9c5a-2f6d1b7a9e10\"\n---\n\n"
        "# The Door/Sea\n\n## Rain\n\nIt *rained*.\n\n***\n\nSHE SAW TO:\n\n## 2\n\n"
        "Mara left \\& \\<b\\>never\\</b\\> came back.\n");
}

TEST_CASE("a book as plain text") {
  CHECK(written(parsed(kBook), "txt") ==
        "The Door/Sea\nA. Nobody\n\n\nRain\n\nIt rained.\n\n* * *\n\nSHE SAW TO:\n\n\n2\n\n"
        "Mara left & <b>never</b> came back.\n");
}

TEST_CASE("a book as Fountain") {
  CHECK(written(parsed(kBook), "fountain") ==
        "Title: The Door/Sea\nAuthor: A. Nobody\nDraft date: 2026-11-02\n\n# Rain\n\n"
        ".The Lamp\n\n= Rain falls.\n\nIt *rained*.\n\n.The Key\n\n!SHE SAW TO:\n\n===\n\n# 2\n\n"
        ".4\n\nMara left & <b>never</b> came back.\n");
}

TEST_CASE("a book as a page") {
  const auto page = written(parsed(kBook), "html");
  CHECK(page.find("<html lang=\"en\">") != std::string::npos);
  CHECK(page.find("<li><a href=\"#chapter-2\">2</a></li>") != std::string::npos);
  CHECK(page.find("<p class=\"first\">Mara left &amp; &lt;b&gt;never&lt;/b&gt; came back.</p>") !=
        std::string::npos);
  CHECK(page.find("Planned") == std::string::npos);
}

TEST_CASE("the bible") {
  const auto bible = written(parsed(kBook), "bible");
  CHECK(
      bible.substr(bible.find("# The")) ==
      "# The Door/Sea\n\n- **Logline:** Rain.\n\n## Characters\n\n### Mara\n\nKeeps the light.\n\n"
      "- **Also called:** the keeper\n- **Age:** 30\n- **Relations:**\n  - sister: Nora\n\n"
      "## Places\n\n### The Shore\n\n## Themes\n\n- Loss\n\n## Plot\n\n- It rains.\n\n"
      "## Open questions\n\n- How old is Mara?\n  - 30: “She is 30”\n");
}

TEST_CASE("JSON has everything, and reads back as the same book") {
  const auto book = parsed(kBook);
  const auto text = written(book, "json");
  CHECK(written(parsed(text), "json") == text);
  CHECK(text.find("\"Planned\"") != std::string::npos);
}

TEST_CASE("the same book gives the same bytes") {
  for (const auto* format : {"md", "txt", "html", "fountain", "epub", "json", "bible"}) {
    CHECK(written(parsed(kBook), format) == written(parsed(kBook), format));
  }
}

TEST_CASE("an unknown format is refused with the list") {
  const auto file = export_book(parsed(kBook), "docx");
  REQUIRE_FALSE(file);
  CHECK(facts(file.error().code).status == 422);
  CHECK(file.error().detail.find(kExportFormats) != std::string::npos);
}

TEST_CASE("a book of nothing can be written in every format") {
  const auto book = parsed(R"({"project_id":"0b8f3d3e-1b9b-4c3e-9c5a-2f6d1b7a9e10","title":null,
    "chapters":null,"dossier":[1],"settings":7})");
  for (const auto* format : {"md", "txt", "html", "fountain", "epub", "json", "bible"}) {
    CHECK_FALSE(written(book, format).empty());
  }
  CHECK(export_book(book, "md")->file_name == "New story.md");
  CHECK(modified_at(book) == "2000-01-01T00:00:00Z");
}

TEST_CASE("an answer that is no book is a fault of ours") {
  const auto book = read_book(json::Document::array_t{});
  REQUIRE_FALSE(book);
  CHECK(book.error().code == ErrorCode::internal_error);
}
