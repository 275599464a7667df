#include "shared/story/export/book_language.hpp"
#include "shared/story/export/clean.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/writers.hpp"
#include "shared/story/export/xml.hpp"
#include "shared/story/export/zip.hpp"
#include "shared/text/integer.hpp"

namespace fabula::story {
namespace {

constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

constexpr std::string_view kContainer =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
)";

constexpr std::string_view kAccessibility =
    R"(<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">displayTransformability</meta>
<meta property="schema:accessibilityFeature">readingOrder</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary" xml:lang="en">The book is text alone, in reading order, with headings and a table of contents.</meta>
)";

// Facts that are in all files of the book.
struct Edition {
  std::string title;  // escaped
  std::string author;
  std::string description;
  std::string language;
  std::string attributes;  // for a page's root element
};

std::string chapter_file(std::size_t index) {
  constexpr std::size_t kDigits = 4;
  const auto number = text::integer_text(static_cast<std::int64_t>(index) + 1);
  const auto zeros = number.size() < kDigits ? kDigits - number.size() : 0;
  return "chapter-" + std::string(zeros, '0') + number;
}

std::string page(const Edition& edition, std::string_view title, std::string_view body) {
  std::string out(kXmlHead);
  out.append(
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
      "xmlns:epub=\"http://www.idpf.org/2007/ops\"");
  out.append(edition.attributes).append(">\n<head>\n<title>").append(title);
  out.append(
      "</title>\n<link rel=\"stylesheet\" type=\"text/css\" href=\"style.css\"/>\n</head>\n");
  return out.append("<body>\n").append(body).append("</body>\n</html>\n");
}

std::string title_page(const Edition& edition) {
  std::string body = "<section class=\"title\" epub:type=\"titlepage\">\n";
  body += "<h1>" + edition.title + "</h1>\n";
  if (!edition.author.empty()) body += "<p>" + edition.author + "</p>\n";
  return page(edition, edition.title, body.append("</section>\n"));
}

// A chapter without a heading is listed under the book's title.
std::string chapter_title(const Edition& edition, const ManuscriptChapter& chapter) {
  return chapter.heading.empty() ? edition.title : escaped(chapter.heading);
}

std::string chapter_page(const Edition& edition, const ManuscriptChapter& chapter) {
  const auto title = chapter_title(edition, chapter);
  std::string body =
      "<section epub:type=\"chapter\" role=\"doc-chapter\" aria-label=\"" + title + "\">\n";
  if (!chapter.heading.empty()) body += "<h1>" + title + "</h1>\n";
  append_blocks(body, chapter.blocks, chapter.heading.empty() ? 1 : 2);
  return page(edition, title, body.append("</section>\n"));
}

std::string navigation(const Edition& edition, const std::vector<ManuscriptChapter>& chapters) {
  std::string body = "<nav epub:type=\"toc\" role=\"doc-toc\">\n<ol>\n";
  // A list must have an entry; a book without chapters has its title page.
  if (chapters.empty()) body += "<li><a href=\"title.xhtml\">" + edition.title + "</a></li>\n";
  for (std::size_t i = 0; i < chapters.size(); ++i) {
    body += "<li><a href=\"" + chapter_file(i) + ".xhtml\">" + chapter_title(edition, chapters[i]) +
            "</a></li>\n";
  }
  return page(edition, edition.title, body.append("</ol>\n</nav>\n"));
}

std::string metadata(const Book& book, const Edition& edition) {
  std::string out = "<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n";
  out += "<dc:identifier id=\"book-id\">urn:uuid:" + book.project_id + "</dc:identifier>\n";
  out += "<dc:title>" + edition.title + "</dc:title>\n";
  if (!edition.author.empty()) {
    out += "<dc:creator id=\"author\">" + edition.author + "</dc:creator>\n";
    out.append("<meta refines=\"#author\" property=\"role\" scheme=\"marc:relators\">aut</meta>\n");
  }
  out += "<dc:language>" + edition.language + "</dc:language>\n";
  if (!edition.description.empty()) {
    out += "<dc:description>" + edition.description + "</dc:description>\n";
  }
  out += "<meta property=\"dcterms:modified\">" + modified_at(book) + "</meta>\n";
  return out.append(kAccessibility).append("</metadata>\n");
}

std::string package_document(const Book& book, const Edition& edition, std::size_t chapter_count) {
  const bool is_rtl = is_right_to_left(edition.language);
  std::string out(kXmlHead);
  out.append(
      "<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" "
      "unique-identifier=\"book-id\" xml:lang=\"");
  out.append(edition.language).append(is_rtl ? "\" dir=\"rtl\">\n" : "\">\n");
  out += metadata(book, edition);
  std::string items;
  std::string spine;
  const auto add_page = [&](const std::string& name, std::string_view properties) {
    items += "<item id=\"" + name + "\" href=\"" + name +
             ".xhtml\" media-type=\"application/xhtml+xml\"";
    items.append(properties).append("/>\n");
  };
  add_page("nav", " properties=\"nav\"");
  items.append("<item id=\"style\" href=\"style.css\" media-type=\"text/css\"/>\n");
  add_page("title", "");
  spine.append("<itemref idref=\"title\"/>\n");
  for (std::size_t i = 0; i < chapter_count; ++i) {
    add_page(chapter_file(i), "");
    spine += "<itemref idref=\"" + chapter_file(i) + "\"/>\n";
  }
  out += "<manifest>\n" + items + "</manifest>\n<spine";
  out.append(is_rtl ? " page-progression-direction=\"rtl\">\n" : ">\n");
  return out.append(spine).append("</spine>\n</package>\n");
}

}  // namespace

std::string write_epub(const Book& book) {
  Edition edition;
  edition.title = escaped(book_title(book));
  edition.author = escaped(clean_line(book.author));
  edition.description = escaped(clean_line(book.premise));
  edition.language = book_language(book.language);
  edition.attributes = language_attributes(edition.language, true);
  const auto chapters = manuscript_chapters(book);
  ZipWriter zip;
  zip.add("mimetype", "application/epub+zip");
  zip.add("META-INF/container.xml", kContainer);
  zip.add("EPUB/package.opf", package_document(book, edition, chapters.size()));
  zip.add("EPUB/nav.xhtml", navigation(edition, chapters));
  zip.add("EPUB/style.css", book_style());
  zip.add("EPUB/title.xhtml", title_page(edition));
  for (std::size_t i = 0; i < chapters.size(); ++i) {
    zip.add("EPUB/" + chapter_file(i) + ".xhtml", chapter_page(edition, chapters[i]));
  }
  return zip.finish();
}

}  // namespace fabula::story
