#include "shared/story/export/front_matter.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/markdown_text.hpp"
#include "shared/story/export/writers.hpp"

namespace fabula::story {
namespace {

// A heading must be on one line, whatever its text.
std::string one_line(const Spans& spans) {
  std::string line = plain(spans);
  for (auto& c : line) {
    if (c == '\n') c = ' ';
  }
  return line;
}

void append_block(std::string& out, const Block& block) {
  switch (block.kind) {
    case BlockKind::scene_break:
      out.append("***");
      break;
    case BlockKind::heading:
      out.append("### ").append(markdown(one_line(block.spans)));
      break;
    case BlockKind::quote:
      out.append("> ");
      append_markdown(out, block.spans, "> ");
      break;
    case BlockKind::paragraph:
      append_markdown(out, block.spans);
      break;
  }
  out.append("\n");
}

}  // namespace

std::string write_markdown(const Book& book) {
  const auto title = book_title(book);
  std::string out = front_matter(book, title);
  out += "\n# " + markdown(title) + "\n";
  for (const auto& chapter : manuscript_chapters(book)) {
    if (!chapter.heading.empty()) out += "\n## " + markdown(chapter.heading) + "\n";
    bool was_quote = false;
    for (const auto& block : chapter.blocks) {
      // An empty comment, which shows nothing, keeps two adjacent quotes apart.
      if (was_quote && block.kind == BlockKind::quote) out.append("\n<!-- -->\n");
      was_quote = block.kind == BlockKind::quote;
      out.push_back('\n');
      append_block(out, block);
    }
  }
  return out;
}

}  // namespace fabula::story
