#include "shared/story/export/markdown_text.hpp"

#include <algorithm>

#include "shared/story/export/code_point.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::story {
namespace {

// The position of the dot after a number at the beginning of a line, where it would begin a list.
std::size_t list_mark(std::string_view line) {
  constexpr std::size_t kMostDigits = 9;
  std::size_t digits = 0;
  while (digits < line.size() && digits < kMostDigits && text::is_digit(line[digits])) ++digits;
  const bool is_list =
      digits > 0 && digits < line.size() && (line[digits] == '.' || line[digits] == ')');
  return is_list ? digits : std::string_view::npos;
}

void append_line(std::string& out, std::string_view line, bool begins_line) {
  constexpr std::string_view kAnywhere = "\\*_`[]<>&~|$";
  constexpr std::string_view kAtBeginning = "#+-=:";
  const auto number_end = begins_line ? list_mark(line) : std::string_view::npos;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const bool has_meaning =
        kAnywhere.find(c) != std::string_view::npos || at == number_end ||
        (begins_line && at == 0 && kAtBeginning.find(c) != std::string_view::npos);
    if (has_meaning) out.push_back('\\');
    out.push_back(c);
  }
}

void append_lines(std::string& out, std::string_view clean, bool begins_line,
                  std::string_view next_line) {
  for (std::size_t at = 0; at <= clean.size();) {
    const auto end = std::min(clean.find('\n', at), clean.size());
    append_line(out, clean.substr(at, end - at), begins_line);
    if (end < clean.size()) out.append("\\\n").append(next_line);
    begins_line = true;
    at = end + 1;
  }
}

bool is_blank_or_mark(std::uint32_t c) { return is_white_space(c) || is_punctuation(c); }

// Whether CommonMark reads asterisks here as emphasis, which depends on their neighbours: it does
// not in "**“No.”**he said", which is frequent in languages without spaces.
bool asterisks_work(std::string_view before, std::string_view inside, std::string_view behind) {
  const bool opens = before.empty() || is_blank_or_mark(code_point_before(before, before.size())) ||
                     !is_punctuation(code_point_at(inside, 0));
  const bool closes = behind.empty() || is_blank_or_mark(code_point_at(behind, 0)) ||
                      !is_punctuation(code_point_before(inside, inside.size()));
  return opens && closes;
}

}  // namespace

void append_markdown(std::string& out, std::string_view clean, std::string_view next_line) {
  append_lines(out, clean, true, next_line);
}

void append_markdown(std::string& out, const Spans& spans, std::string_view next_line) {
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto& span = spans[i];
    if (!span.is_emphasised && !span.is_strong) {
      append_lines(out, span.text, i == 0, next_line);
      continue;
    }
    // White space must be outside the marks.
    std::string_view inside = span.text;
    const auto first = std::min(inside.find_first_not_of(" \n"), inside.size());
    append_lines(out, inside.substr(0, first), i == 0, next_line);
    inside.remove_prefix(first);
    if (inside.empty()) continue;
    const auto last = inside.find_last_not_of(" \n") + 1;
    const auto behind = inside.substr(last);
    inside = inside.substr(0, last);
    const auto before = first > 0 ? std::string_view(" ")
                        : i > 0   ? std::string_view(spans[i - 1].text)
                                  : std::string_view();
    const auto next = !behind.empty()        ? behind
                      : i + 1 < spans.size() ? std::string_view(spans[i + 1].text)
                                             : std::string_view();
    // The asterisks of two adjacent spans would merge.
    const bool touches =
        (i > 0 && first == 0 && (spans[i - 1].is_emphasised || spans[i - 1].is_strong)) ||
        (i + 1 < spans.size() && behind.empty() &&
         (spans[i + 1].is_emphasised || spans[i + 1].is_strong));
    if (!touches && asterisks_work(before, inside, next)) {
      const std::string marks((span.is_emphasised ? 1U : 0U) + (span.is_strong ? 2U : 0U), '*');
      out.append(marks);
      append_lines(out, inside, false, next_line);
      out.append(marks);
    } else {
      if (span.is_strong) out.append("<strong>");
      if (span.is_emphasised) out.append("<em>");
      append_lines(out, inside, false, next_line);
      if (span.is_emphasised) out.append("</em>");
      if (span.is_strong) out.append("</strong>");
    }
    append_lines(out, behind, false, next_line);
  }
}

std::string markdown(std::string_view clean) {
  std::string out;
  append_markdown(out, clean);
  return out;
}

}  // namespace fabula::story
