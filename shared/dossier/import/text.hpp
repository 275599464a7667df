// A manuscript or notes, as people have them, cut into chapters, and these into steps that an
// extractor reads one after the other.
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
// A text of the greatest length has fewer, however it is divided.
inline constexpr std::size_t kMaximumImportSteps = 400;
inline constexpr std::size_t kMaximumChapterTitleBytes = 200;

enum class ImportFormat : std::uint8_t { markdown, plain };
std::optional<ImportFormat> import_format_named(std::string_view name);  // "markdown", "plain"

// Bytes [begin, end) of ImportPlan::text, its heading included. Without white space at its ends.
struct ImportChapter {
  std::string title;  // "": it has none
  std::size_t begin = 0;
  std::size_t end = 0;
};

// At most kMaximumStepBytes. Short chapters that follow each other are one step.
struct ImportStep {
  std::size_t chapter = 0;  // where it begins: an index of ImportPlan::chapters
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct ImportPlan {
  std::string text;   // as it was sent, without byte-order mark and with LF as the end of lines
  std::string title;  // of the front matter, or of the only first-level heading; else ""
  std::vector<ImportChapter> chapters;  // never empty, in their order, apart from each other
  std::vector<ImportStep> steps;        // the same
};

// Chapters begin at headings (in Markdown those of the first two levels, or of the first level that
// there is; underlined ones; lines such as "**Chapter 1**", "CHAPTER THE FIRST", "Erstes Kapitel",
// "第一章", "두 번째 이야기", "Prologue"; numbers, alone or before titles, that count up and are no
// pages'), else at lines of asterisks and the like; else the text is cut into about equal parts
// where paragraphs end. Front matter is left out, and headings within fenced code are none. The
// same text gives the same plan. Fails when the text says nothing or is not UTF-8
// (invalid_request), or is longer than kMaximumImportBytes (body_too_large).
Result<ImportPlan> plan_import(std::string_view text, ImportFormat format);

// For plan_import: cuts chapters into steps.
std::vector<ImportStep> import_steps(std::string_view text,
                                     const std::vector<ImportChapter>& chapters);

// For plan_import, and for texts of no chapters: where to cut text[begin, end), which is longer
// than `maximum` bytes, so that the parts are about equal: after a paragraph, else a line, a
// sentence, a word, or a character.
std::size_t import_cut(std::string_view text, std::size_t begin, std::size_t end,
                       std::size_t maximum);

// For plan_import: [begin, end) without white space at its ends.
void trim_span(std::string_view text, std::size_t& begin, std::size_t& end);

}  // namespace fabula::dossier
