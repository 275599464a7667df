#include <algorithm>
#include <array>

#include "shared/story/export/clean.hpp"
#include "shared/story/export/manuscript.hpp"
#include "shared/story/export/writers.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"

namespace fabula::story {
namespace {

// Appends text without marks. Two brackets would begin a note.
void append_text(std::string& out, std::string_view clean) {
  for (const char c : clean) {
    if (c == '*' || c == '_' || c == '\\') out.push_back('\\');
    if (c == '[' && out.ends_with('[')) out.push_back(' ');
    out.push_back(c);
  }
}

void append_spans_as_fountain(std::string& out, const Spans& spans) {
  for (const auto& span : spans) {
    // A mark ends with its line.
    text::Splitter lines(span.text, '\n');
    bool is_first = true;
    while (const auto line = lines.next()) {
      if (!is_first) out.push_back('\n');
      is_first = false;
      const auto inside = text::trim(*line);
      const std::string marks =
          inside.empty()
              ? std::string()
              : std::string((span.is_emphasised ? 1U : 0U) + (span.is_strong ? 2U : 0U), '*');
      const auto before = inside.empty() ? line->size() : line->find_first_not_of(" \t");
      out.append(line->substr(0, before)).append(marks);
      append_text(out, inside);
      out.append(marks).append(line->substr(before + inside.size()));
    }
  }
}

bool has_lower_case(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) { return text::is_lower(c); });
}

// Whether Fountain would read the line as anything but action.
bool must_be_forced(std::string_view line, bool has_next_line) {
  static constexpr std::array<std::string_view, 5> kHeadings{"int", "ext", "est", "i/e", "i./e"};
  if (line.empty()) return false;
  if (std::string_view(".@!~>#=(").find(line.front()) != std::string_view::npos) return true;
  const auto head = text::to_lower(line.substr(0, 4));
  for (const auto heading : kHeadings) {
    if (head.starts_with(heading)) return true;
  }
  if (has_lower_case(line)) return false;
  // A speaker's name has a line after it; a transition ends with one of these.
  return has_next_line || line.ends_with(':') || line.ends_with('.');
}

void append_paragraph(std::string& out, const Spans& spans) {
  std::string paragraph;
  append_spans_as_fountain(paragraph, spans);
  text::Splitter lines(paragraph, '\n');
  auto line = lines.next();
  while (line) {
    const auto next = lines.next();
    if (must_be_forced(*line, next.has_value())) out.push_back('!');
    out.append(*line).push_back('\n');
    line = next;
  }
}

void append_line_with(std::string& out, std::string_view mark, std::string_view clean) {
  out.append("\n").append(mark);
  append_text(out, clean);
  out.push_back('\n');
}

void append_scene(std::string& out, const BookScene& scene, const BookChapter& chapter) {
  const auto blocks = scene_blocks(scene, chapter);
  if (blocks.empty()) return;
  auto heading = plain_title(scene.title);
  // A forced heading may not begin with another dot or look like a scene number.
  heading.erase(0, std::min(heading.find_first_not_of(". "), heading.size()));
  std::replace(heading.begin(), heading.end(), '#', ' ');
  heading = clean_line(heading);
  append_line_with(out, ".", heading.empty() ? text::integer_text(scene.number) : heading);
  if (const auto synopsis = json::string_at(scene.plan, "description")) {
    auto line = clean_line(*synopsis);
    line.erase(0, std::min(line.find_first_not_of("= "), line.size()));
    if (!line.empty()) append_line_with(out, "= ", line);
  }
  for (const auto& block : blocks) {
    if (block.kind == BlockKind::scene_break) {
      out.append("\n> • • • <\n");
    } else if (block.kind == BlockKind::heading) {
      append_line_with(out, "### ", clean_line(plain(block.spans)));
    } else {
      out.push_back('\n');
      append_paragraph(out, block.spans);
    }
  }
}

void append_title_line(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.append(key).append(": ");
  append_text(out, value);
  out.push_back('\n');
}

}  // namespace

std::string write_fountain(const Book& book) {
  std::string out;
  append_title_line(out, "Title", book_title(book));
  append_title_line(out, "Author", clean_line(book.author));
  append_title_line(out, "Draft date", modified_at(book).substr(0, 10));
  bool is_first = true;
  for (const auto& chapter : book.chapters) {
    std::string scenes;
    for (const auto& scene : chapter.scenes) append_scene(scenes, scene, chapter);
    if (scenes.empty()) continue;
    if (!is_first) out.append("\n===\n");
    is_first = false;
    if (const auto heading = chapter_heading(book, chapter); !heading.empty()) {
      append_line_with(out, "# ", heading);
    }
    out += scenes;
  }
  return out;
}

}  // namespace fabula::story
