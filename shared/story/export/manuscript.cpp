#include "shared/story/export/manuscript.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "shared/story/export/clean.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/title.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kLongestLabelBytes = 24;
constexpr std::string_view kUnknownMoment = "2000-01-01T00:00:00Z";

// Whether the line is "The Door" or "Scene 2: The Door" for the title "The Door".
bool repeats_title(std::string_view line, std::string_view title) {
  if (title.empty() || line.size() < title.size()) return false;
  const auto label_bytes = line.size() - title.size();
  if (!text::equal_ignoring_case(line.substr(label_bytes), title)) return false;
  if (label_bytes == 0) return true;
  if (label_bytes > kLongestLabelBytes) return false;
  auto label = text::trim(line.substr(0, label_bytes));
  constexpr std::string_view kEnDash = "–";
  constexpr std::string_view kEmDash = "—";
  return label.ends_with(':') || label.ends_with('-') || label.ends_with('.') ||
         label.ends_with(kEnDash) || label.ends_with(kEmDash);
}

bool looks_like_title(const Block& block) {
  if (block.kind == BlockKind::heading) return true;
  return block.kind == BlockKind::paragraph && block.spans.size() == 1 &&
         block.spans.front().is_strong;
}

// The first 19 characters of an ISO 8601 time in UTC, as the database writes it.
std::optional<std::string> moment(std::string_view time) {
  constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:dd";
  if (time.size() < kPattern.size()) return std::nullopt;
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    const bool fits = kPattern[i] == 'd'   ? text::is_digit(time[i])
                      : kPattern[i] == 'T' ? time[i] == 'T' || time[i] == ' '
                                           : time[i] == kPattern[i];
    if (!fits) return std::nullopt;
  }
  std::string found(time.substr(0, kPattern.size()));
  found[10] = 'T';
  found.push_back('Z');
  return found;
}

}  // namespace

std::string plain_title(std::string_view title) {
  auto line = clean_line(title);
  const auto words = line.find_first_not_of('#');
  if (words == std::string::npos) return {};
  if (words > 0 && line[words] == ' ') line.erase(0, words + 1);
  auto shown = clean_line(plain(read_inline_marks(line)));
  return text::is_blank(shown) ? std::string() : shown;
}

std::string book_title(const Book& book) {
  auto title = plain_title(book.title);
  return title.empty() ? text::session_title(clean_text(book.premise)) : title;
}

Blocks scene_blocks(const BookScene& scene, const BookChapter& chapter) {
  auto blocks = read_blocks(scene.text);
  const auto scene_title = plain_title(scene.title);
  const auto chapter_title = plain_title(chapter.title);
  while (!blocks.empty() && looks_like_title(blocks.front())) {
    const auto line = clean_line(plain(blocks.front().spans));
    if (!repeats_title(line, scene_title) && !repeats_title(line, chapter_title)) break;
    blocks.erase(blocks.begin());
    if (!blocks.empty() && blocks.front().kind == BlockKind::scene_break) {
      blocks.erase(blocks.begin());
    }
  }
  return blocks;
}

std::string chapter_heading(const Book& book, const BookChapter& chapter) {
  auto title = plain_title(chapter.title);
  if (title.empty() && book.chapters.size() > 1) return text::integer_text(chapter.number);
  return title;
}

std::vector<ManuscriptChapter> manuscript_chapters(const Book& book) {
  std::vector<ManuscriptChapter> chapters;
  for (const auto& chapter : book.chapters) {
    ManuscriptChapter shown;
    for (const auto& scene : chapter.scenes) {
      auto blocks = scene_blocks(scene, chapter);
      if (blocks.empty()) continue;
      if (!shown.blocks.empty()) shown.blocks.push_back({BlockKind::scene_break, {}});
      std::move(blocks.begin(), blocks.end(), std::back_inserter(shown.blocks));
    }
    if (shown.blocks.empty()) continue;
    shown.heading = chapter_heading(book, chapter);
    chapters.push_back(std::move(shown));
  }
  return chapters;
}

std::string modified_at(const Book& book) {
  if (auto time = moment(book.updated_at)) return *time;
  if (auto time = moment(book.created_at)) return *time;
  return std::string(kUnknownMoment);
}

}  // namespace fabula::story
