#include "shared/api/html.hpp"

#include "shared/text/split.hpp"

namespace fabula::api {

void append_html(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

void append_html_with_code(std::string& out, std::string_view text) {
  text::Splitter parts(text, '`');
  bool is_code = false;
  while (const auto part = parts.next()) {
    if (is_code) {
      append_element(out, "code", *part);
    } else {
      append_html(out, *part);
    }
    is_code = !is_code;
  }
}

void append_element(std::string& out, std::string_view tag, std::string_view text) {
  out.append("<").append(tag).append(">");
  append_html(out, text);
  out.append("</").append(tag).append(">");
}

}  // namespace fabula::api
