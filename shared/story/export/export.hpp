// Exports a book as a file in a format of the person's choice.
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

// The values of `format`, for documents and messages.
inline constexpr std::string_view kExportFormats = "md, txt, html, fountain, epub, json, bible";

// The same book gives the same bytes. Unwritten parts are left out, except from "json".
// invalid_request for a format that is not one of kExportFormats.
Result<ExportedFile> export_book(const Book& book, std::string_view format);

}  // namespace fabula::story
