#include "shared/story/export/xml.hpp"

#include <algorithm>

#include "shared/story/export/book_language.hpp"

namespace fabula::story {
namespace {

void append_spans(std::string& out, const Spans& spans) {
  for (const auto& span : spans) {
    if (span.is_strong) out.append("<strong>");
    if (span.is_emphasised) out.append("<em>");
    for (std::size_t at = 0; at <= span.text.size();) {
      const auto end = std::min(span.text.find('\n', at), span.text.size());
      append_escaped(out, std::string_view(span.text).substr(at, end - at));
      if (end < span.text.size()) out.append("<br/>");
      at = end + 1;
    }
    if (span.is_emphasised) out.append("</em>");
    if (span.is_strong) out.append("</strong>");
  }
}

constexpr std::string_view kStyle = R"(body { font-family: serif; line-height: 1.5; }
h1, h2, h3 { line-height: 1.25; text-align: center; font-weight: normal; hyphens: none; }
h1, h2 { margin: 3em 0 2em; }
h3 { margin: 2em 0 1em; }
p { margin: 0; text-indent: 1.5em; orphans: 2; widows: 2; }
p.first, blockquote p, .title p { text-indent: 0; }
blockquote { margin: 1em 2em; }
hr { border: 0; margin: 1.5em 0; text-align: center; }
hr::before { content: "* * *"; }
h1, h2, h3, p { overflow-wrap: break-word; }
.title { text-align: center; }
:lang(zh) p { text-indent: 2em; }
:lang(ja) p { text-indent: 1em; }
:lang(zh) blockquote p, :lang(ja) blockquote p, :lang(zh) .title p, :lang(ja) .title p { text-indent: 0; }
:lang(zh) em, :lang(ja) em { font-style: normal; font-weight: bold; }
:lang(ar) em, :lang(fa) em, :lang(ur) em, :lang(he) em { font-style: normal; font-weight: bold; }
)";

}  // namespace

void append_escaped(std::string& out, std::string_view clean) {
  for (const char c : clean) {
    if (c == '&') {
      out.append("&amp;");
    } else if (c == '<') {
      out.append("&lt;");
    } else if (c == '>') {
      out.append("&gt;");
    } else if (c == '"') {
      out.append("&quot;");
    } else {
      out.push_back(c);
    }
  }
}

std::string escaped(std::string_view clean) {
  std::string out;
  append_escaped(out, clean);
  return out;
}

void append_blocks(std::string& out, const Blocks& blocks, int heading_level) {
  const std::string heading{'h', static_cast<char>('0' + heading_level)};
  bool is_first = true;
  for (const auto& block : blocks) {
    switch (block.kind) {
      case BlockKind::scene_break:
        out.append("<hr/>\n");
        break;
      case BlockKind::heading:
        out.append("<").append(heading).append(">");
        append_spans(out, block.spans);
        out.append("</").append(heading).append(">\n");
        break;
      case BlockKind::quote:
        out.append("<blockquote><p>");
        append_spans(out, block.spans);
        out.append("</p></blockquote>\n");
        break;
      case BlockKind::paragraph:
        out.append(is_first ? "<p class=\"first\">" : "<p>");
        append_spans(out, block.spans);
        out.append("</p>\n");
        break;
    }
    is_first = block.kind != BlockKind::paragraph;
  }
}

std::string language_attributes(std::string_view tag, bool with_xml) {
  const std::string value(tag == kUndeterminedLanguage ? std::string_view() : tag);
  std::string attributes = " lang=\"" + value + "\"";
  if (with_xml) attributes += " xml:lang=\"" + value + "\"";
  if (is_right_to_left(tag)) attributes += " dir=\"rtl\"";
  return attributes;
}

std::string_view book_style() { return kStyle; }

}  // namespace fabula::story
