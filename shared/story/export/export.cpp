#include "shared/story/export/export.hpp"

#include <array>

#include "shared/story/export/file_name.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/writers.hpp"

namespace fabula::story {
namespace {

struct Format {
  std::string_view name;
  std::string_view file_ending;
  std::string_view media_type;
  std::string (*write)(const Book&);
};

constexpr std::array kFormats{
    Format{"md", ".md", "text/markdown; charset=utf-8", &write_markdown},
    Format{"txt", ".txt", "text/plain; charset=utf-8", &write_plain_text},
    Format{"html", ".html", "text/html; charset=utf-8", &write_html},
    Format{"fountain", ".fountain", "text/plain; charset=utf-8", &write_fountain},
    Format{"epub", ".epub", "application/epub+zip", &write_epub},
    Format{"json", ".json", "application/json", &write_json},
    Format{"bible", "-bible.md", "text/markdown; charset=utf-8", &write_bible},
};

}  // namespace

Result<ExportedFile> export_book(const Book& book, std::string_view format) {
  for (const auto& known : kFormats) {
    if (known.name != format) continue;
    return ExportedFile{known.write(book), known.media_type,
                        file_name(book_title(book), known.file_ending)};
  }
  const std::string list(kExportFormats);
  auto refusal =
      problem(ErrorCode::invalid_request, "The format is not known. Choose one of: " + list + ".");
  refusal.value().errors.push_back({"format", "must be one of: " + list});
  return refusal;
}

}  // namespace fabula::story
