// HTML text, escaped.
#pragma once

#include <string>
#include <string_view>

namespace fabula::api {

// Appends text as the content of an element or of a quoted attribute.
void append_html(std::string& out, std::string_view text);

// The same, and what stands between `backticks` becomes code, as in the document's CommonMark.
void append_html_with_code(std::string& out, std::string_view text);

// Appends <tag>text</tag>.
void append_element(std::string& out, std::string_view tag, std::string_view text);

}  // namespace fabula::api
