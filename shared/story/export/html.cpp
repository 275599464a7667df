#include "shared/story/export/book_language.hpp"
#include "shared/story/export/clean.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/writers.hpp"
#include "shared/story/export/xml.hpp"
#include "shared/text/integer.hpp"

namespace fabula::story {
namespace {

constexpr std::string_view kPageStyle = R"(html { color-scheme: light dark; }
body { margin: 0 auto; max-width: 36em; padding: 1em 1.25em 4em; font-size: 1.125rem; }
nav ol { list-style: none; margin: 2em 0; padding: 0; text-align: center; }
nav a { color: inherit; }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  nav { display: none; }
  h2 { break-before: page; }
  h2, h3 { break-after: avoid; }
}
)";

void append_contents(std::string& out, const std::vector<ManuscriptChapter>& chapters) {
  out.append("<nav><ol>\n");
  for (std::size_t i = 0; i < chapters.size(); ++i) {
    out.append("<li><a href=\"#chapter-");
    text::append_natural(out, i + 1);
    out.append("\">").append(escaped(chapters[i].heading)).append("</a></li>\n");
  }
  out.append("</ol></nav>\n");
}

}  // namespace

std::string write_html(const Book& book) {
  const auto title = escaped(book_title(book));
  const auto author = escaped(clean_line(book.author));
  const auto premise = escaped(clean_line(book.premise));
  const auto chapters = manuscript_chapters(book);
  std::string out = "<!DOCTYPE html>\n<html";
  out += language_attributes(book_language(book.language), false) + ">\n<head>\n";
  out.append(
      "<meta charset=\"utf-8\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
  out += "<title>" + title + "</title>\n";
  if (!author.empty()) out += "<meta name=\"author\" content=\"" + author + "\"/>\n";
  if (!premise.empty()) out += "<meta name=\"description\" content=\"" + premise + "\"/>\n";
  out.append("<style>\n").append(book_style()).append(kPageStyle);
  out += "</style>\n</head>\n<body>\n<header class=\"title\">\n<h1>" + title + "</h1>\n";
  if (!author.empty()) out += "<p>" + author + "</p>\n";
  out.append("</header>\n");
  if (chapters.size() > 1) append_contents(out, chapters);
  out.append("<main>\n");
  for (std::size_t i = 0; i < chapters.size(); ++i) {
    out +=
        "<section id=\"chapter-" + text::integer_text(static_cast<std::int64_t>(i) + 1) + "\">\n";
    const auto& heading = chapters[i].heading;
    if (!heading.empty()) out += "<h2>" + escaped(heading) + "</h2>\n";
    append_blocks(out, chapters[i].blocks, heading.empty() ? 2 : 3);
    out.append("</section>\n");
  }
  return out.append("</main>\n</body>\n</html>\n");
}

}  // namespace fabula::story
