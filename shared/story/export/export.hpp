// Files that a person takes away: a book in a format of their choice.
#pragma once

#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "shared/story/book.hpp"

namespace fabula::story {

struct ExportedFile {
  std::string bytes;
  std::string_view media_type;  // the value of Content-Type
  std::string file_name;        // UTF-8; `content_disposition` writes the header's value
};

// What `format` may be, for documents and messages.
inline constexpr std::string_view kExportFormats = "md, txt, html, fountain, epub, json, bible";

// The same book gives the same bytes. Parts that are not written yet are left out, except from
// "json". Problem: invalid_request for a format that is none of kExportFormats.
Result<ExportedFile> export_book(const Book& book, std::string_view format);

}  // namespace fabula::story
