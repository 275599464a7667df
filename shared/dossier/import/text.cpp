#include "shared/dossier/import/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/dossier/import/heading_marks.hpp"
#include "shared/dossier/import/headings.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/split.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

// The length of a part if a text has no divisions.
constexpr std::size_t kPartBytes = 4 * kMaximumStepBytes;
// In Markdown, deeper headings are sections of a chapter.
constexpr std::size_t kChapterLevel = 2;
constexpr std::size_t kLowestLevel = 6;

// Line ends besides CR and LF: Word's own line and page breaks, NEL, and Unicode's separators.
constexpr std::array<std::string_view, 5> kLineEnds = {"\v", "\f", "\u0085", "\u2028", "\u2029"};

// Makes LF the line end, and removes the byte-order mark and NUL, which PostgreSQL cannot store.
std::string clean(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') continue;
    const auto end = std::find_if(kLineEnds.begin(), kLineEnds.end(), [&](std::string_view each) {
      return text.substr(i, each.size()) == each;
    });
    if (end != kLineEnds.end()) {
      out.push_back('\n');
      i += end->size() - 1;
    } else if (text[i] != '\r') {
      out.push_back(text[i]);
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      out.push_back('\n');
    }
  }
  return out;
}

// The headings that begin chapters: those of the first two levels, else of the highest level used.
std::vector<ImportHeading> chapter_headings(std::vector<ImportHeading> headings) {
  std::size_t level = kLowestLevel;
  for (const auto& heading : headings) level = std::min(level, heading.level);
  level = std::max(level, kChapterLevel);
  headings.erase(
      std::remove_if(headings.begin(), headings.end(),
                     [level](const ImportHeading& heading) { return heading.level > level; }),
      headings.end());
  return headings;
}

class Planner {
 public:
  explicit Planner(ImportPlan& plan) : plan_(plan) {}

  void add(std::size_t begin, std::size_t end, std::string title = {}) {
    trim_span(plan_.text, begin, end);
    const std::string_view text = plan_.text;
    if (text::is_blank(text.substr(begin, end - begin))) return;
    plan_.chapters.push_back({std::move(title), begin, end});
  }

  void divide_at_headings(std::size_t begin, const std::vector<ImportHeading>& headings) {
    const std::string_view text = plan_.text;
    auto from = headings.front().begin;
    if (has_only_breaks(begin, from)) {
      from = begin;
    } else {
      add(begin, from);
    }
    for (std::size_t i = 0; i < headings.size(); ++i) {
      const auto& heading = headings[i];
      const auto end = i + 1 < headings.size() ? headings[i + 1].begin : text.size();
      const auto body = text.substr(heading.end, end - heading.end);
      // A title without text belongs to what follows: "# The Book", "## Chapter 1".
      if (i + 1 < headings.size() && text::is_blank(body)) continue;
      add(from, end, heading.title);
      from = end;
    }
  }

  void divide_at_breaks(std::size_t begin, const std::vector<ImportHeading>& breaks) {
    for (const auto& mark : breaks) {
      if (mark.begin < begin) continue;
      add(begin, mark.begin);
      begin = mark.end;
    }
    add(begin, plan_.text.size());
  }

  void divide_evenly(std::size_t begin) {
    const auto end = plan_.text.size();
    while (begin < end) {
      const auto part_end =
          end - begin > kPartBytes ? import_cut(plan_.text, begin, end, kPartBytes) : end;
      add(begin, part_end);
      begin = part_end;
    }
  }

 private:
  // A rule above the first heading is no chapter.
  bool has_only_breaks(std::size_t begin, std::size_t end) const {
    text::Splitter lines(std::string_view(plan_.text).substr(begin, end - begin), '\n');
    while (const auto line = lines.next()) {
      const auto words = without_blanks(*line);
      if (!words.empty() && !is_break_line(words)) return false;
    }
    return true;
  }

  ImportPlan& plan_;
};

}  // namespace

std::optional<ImportFormat> import_format_named(std::string_view name) {
  if (name == "markdown") return ImportFormat::markdown;
  if (name == "plain") return ImportFormat::plain;
  return std::nullopt;
}

Result<ImportPlan> plan_import(std::string_view text, ImportFormat format) {
  if (text.size() > kMaximumImportBytes) {
    return problem(ErrorCode::body_too_large,
                   "A text to import may have 1 MiB: import it in several parts.");
  }
  if (!text::is_valid_utf8(text)) {
    return problem(ErrorCode::invalid_request, "The text to import must be valid UTF-8.");
  }
  ImportPlan plan;
  plan.text = clean(text);
  auto found = find_headings(plan.text, format);
  plan.title = std::move(found.title);
  const auto first_level = std::count_if(found.headings.begin(), found.headings.end(),
                                         [](const ImportHeading& h) { return h.level == 1; });
  if (plan.title.empty() && first_level == 1 && found.headings.size() > 1 &&
      found.headings.front().level == 1) {
    plan.title = found.headings.front().title;
  }
  const auto headings = chapter_headings(std::move(found.headings));
  Planner planner(plan);
  if (!headings.empty()) {
    planner.divide_at_headings(found.begin, headings);
  } else if (!found.breaks.empty()) {
    planner.divide_at_breaks(found.begin, found.breaks);
  } else {
    planner.divide_evenly(found.begin);
  }
  plan.steps = import_steps(plan.text, plan.chapters);
  if (plan.steps.empty()) {
    return problem(ErrorCode::invalid_request, "The text to import says nothing: send its words.");
  }
  if (plan.steps.size() > kMaximumImportSteps) {
    return problem(ErrorCode::invalid_request,
                   "The text to import has too many parts: import it in several pieces.");
  }
  return plan;
}

}  // namespace fabula::dossier
