#include "shared/story/export/clean.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/writers.hpp"

namespace fabula::story {

std::string write_plain_text(const Book& book) {
  std::string out = book_title(book) + "\n";
  if (const auto author = clean_line(book.author); !author.empty()) out += author + "\n";
  for (const auto& chapter : manuscript_chapters(book)) {
    out.push_back('\n');
    if (!chapter.heading.empty()) out += "\n" + chapter.heading + "\n\n";
    bool is_first = true;
    for (const auto& block : chapter.blocks) {
      if (!is_first) out.push_back('\n');
      is_first = false;
      out += (block.kind == BlockKind::scene_break ? "* * *" : plain(block.spans)) + "\n";
    }
  }
  return out;
}

}  // namespace fabula::story
