// A manuscript or notes, as people have them, divided into chapters, and these into steps that an
// extractor reads in turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::dossier {

// Limits, in bytes of UTF-8.
inline constexpr std::size_t kMaximumImportBytes = 1024 * 1024;
inline constexpr std::size_t kMaximumStepBytes = 6000;
// The longest text has fewer steps, however it is divided.
inline constexpr std::size_t kMaximumImportSteps = 400;
inline constexpr std::size_t kMaximumChapterTitleBytes = 200;

enum class ImportFormat : std::uint8_t { markdown, plain };
std::optional<ImportFormat> import_format_named(std::string_view name);  // "markdown", "plain"

// Bytes [begin, end) of ImportPlan::text, including the heading, without white space at the ends.
struct ImportChapter {
  std::string title;  // "": no title
  std::size_t begin = 0;
  std::size_t end = 0;
};

// At most kMaximumStepBytes. Consecutive short chapters are one step.
struct ImportStep {
  std::size_t chapter = 0;  // the first chapter: an index of ImportPlan::chapters
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct ImportPlan {
  std::string text;   // as sent, but without byte-order mark and with LF as line ends
  std::string title;  // of the front matter, or of the only first-level heading; else ""
  std::vector<ImportChapter> chapters;  // never empty, in text order, not overlapping
  std::vector<ImportStep> steps;        // likewise
};

// Chapters begin at headings (in Markdown those of the first two levels, or of the highest level
// used; underlined ones; lines such as "**Chapter 1**", "CHAPTER THE FIRST", "Erstes Kapitel",
// "第一章", "두 번째 이야기", "Prologue"; ascending numbers, alone or before titles, that are not
// the pages'), else at lines like "***"; otherwise the text is cut into about equal parts at ends
// of paragraphs. Front matter is left out, and headings within fenced code are ignored. The same
// text gives the same plan. Errors: invalid_request when the text is blank or not UTF-8,
// body_too_large when it is longer than kMaximumImportBytes.
Result<ImportPlan> plan_import(std::string_view text, ImportFormat format);

// Part of plan_import: cuts chapters into steps.
std::vector<ImportStep> import_steps(std::string_view text,
                                     const std::vector<ImportChapter>& chapters);

// Part of plan_import, also for texts without chapters: where to cut text[begin, end), which is
// longer than `maximum` bytes, into about equal parts: after a paragraph, else a line, a sentence,
// a word, or a character.
std::size_t import_cut(std::string_view text, std::size_t begin, std::size_t end,
                       std::size_t maximum);

// Part of plan_import: moves begin and end past white space at the ends.
void trim_span(std::string_view text, std::size_t& begin, std::size_t& end);

}  // namespace fabula::dossier
