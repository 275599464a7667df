// Names for files that people download.
#pragma once

#include <string>
#include <string_view>

namespace fabula::story {

// The title as a name that every file system accepts, followed by `ending` (".epub"): without path
// separators and other characters that some system refuses, and at most 150 bytes long.
std::string file_name(std::string_view title, std::string_view ending);

// The value of Content-Disposition for a download (RFC 6266): the name in ASCII for old clients,
// and unchanged in RFC 5987's form.
std::string content_disposition(std::string_view file_name);

}  // namespace fabula::story
