#include "shared/text/title.hpp"

#include <algorithm>
#include <array>

#include "shared/text/ascii.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::text {
namespace {

constexpr std::string_view kEllipsis = "\u2026";

struct Marks {
  std::string_view opening;
  std::string_view closing;
};

// Quotation marks, and Markdown's underscores, which have no meaning inside a word.
constexpr std::array kEnclosingMarks = {
    Marks{"\"", "\""},         Marks{"'", "'"},           Marks{"_", "_"},
    Marks{"\u201C", "\u201D"}, Marks{"\u201E", "\u201C"}, Marks{"\u2018", "\u2019"},
    Marks{"\u00AB", "\u00BB"}, Marks{"\u300C", "\u300D"},
};

// Removes and returns the first paragraph of `message`. A blank line, or the line end of a heading,
// ends it.
std::string_view take_paragraph(std::string_view& message) {
  constexpr std::string_view kBlanks = " \t\r\n";
  message.remove_prefix(std::min(message.find_first_not_of(kBlanks), message.size()));
  const bool is_heading = message.starts_with('#');
  auto end = message.find('\n');
  while (end != std::string_view::npos && !is_heading) {
    const auto next = message.find_first_not_of(" \t\r", end + 1);
    if (next == std::string_view::npos || message[next] == '\n') break;
    end = message.find('\n', end + 1);
  }
  const auto paragraph = message.substr(0, end);
  message.remove_prefix(paragraph.size());
  return paragraph;
}

// The length of the white space or control character at the beginning of `text`, or 0.
std::size_t blank_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first <= ' ' || first == 0x7F) return 1;
  if (first < 0x80) return 0;
  // No-break space, line and paragraph separators, ideographic space, byte order mark.
  constexpr std::array<std::string_view, 5> kWide = {"\u00A0", "\u2028", "\u2029", "\u3000",
                                                     "\uFEFF"};
  for (const auto wide : kWide) {
    if (text.starts_with(wide)) return wide.size();
  }
  return 0;
}

// Puts the text on one line: each run of white space and control characters becomes a space, none
// stay at the ends. All asterisks and backticks of Markdown are removed.
std::string flatten(std::string_view text) {
  std::string flat;
  bool has_blank = false;
  while (!text.empty()) {
    const auto blank = blank_bytes(text);
    const char c = text.front();
    text.remove_prefix(std::max<std::size_t>(blank, 1));
    if (blank > 0) {
      has_blank = true;
    } else if (c != '*' && c != '`') {
      if (has_blank && !flat.empty()) flat += ' ';
      has_blank = false;
      flat += c;
    }
  }
  return flat;
}

// Removes the marks of headings, quotes and lists. A list's need a space: "-5 degrees" is text.
std::string_view without_line_marks(std::string_view text) {
  while (text.starts_with('#') || text.starts_with('>') || text.starts_with("- ") ||
         text.starts_with("+ ")) {
    text = trim(text.substr(1));
  }
  return text;
}

// "Mr.", "St." or "J.": a stop after a capitalised word of up to three letters ends no sentence.
bool ends_in_abbreviation(std::string_view text) {
  constexpr std::size_t kLongest = 3;
  const auto word = text.substr(text.rfind(' ') + 1);
  return !word.empty() && word.size() <= kLongest && is_upper(word.front()) &&
         std::all_of(word.begin() + 1, word.end(), is_lower);
}

// The length of a wide stop at the beginning of `text`, or 0. It needs no space after it.
std::size_t wide_stop_bytes(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWideStops = {"\u3002", "\uFF01", "\uFF1F"};
  for (const auto stop : kWideStops) {
    if (text.starts_with(stop)) return stop.size();
  }
  return 0;
}

// The length of the closing marks at the beginning of `text`.
std::size_t closing_bytes(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t before = 1; before != count;) {
    before = count;
    for (const auto& marks : kEnclosingMarks) {
      if (text.substr(count).starts_with(marks.closing)) count += marks.closing.size();
    }
    if (text.substr(count).starts_with(')')) ++count;
  }
  return count;
}

// `flat` is the result of `flatten`. A stop counts before a space that no lower-case letter
// follows.
std::string_view first_sentence(std::string_view flat) {
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const auto wide = wide_stop_bytes(flat.substr(i));
    const char c = flat[i];
    if (wide == 0 && c != '.' && c != '!' && c != '?') continue;
    auto end = i + std::max<std::size_t>(wide, 1);
    end += closing_bytes(flat.substr(end));
    const auto rest = flat.substr(end);
    const bool is_end = wide > 0 || (rest.starts_with(' ') && !is_lower(rest[1]));
    if (is_end && !(c == '.' && ends_in_abbreviation(flat.substr(0, i))))
      return flat.substr(0, end);
  }
  return flat;
}

// Removes marks that enclose the whole text or are unpaired; false when there are none.
bool strip_enclosing(std::string_view& text) {
  for (const auto& [opening, closing] : kEnclosingMarks) {
    if (text.starts_with(opening)) {
      const auto partner = text.find(closing, opening.size());
      if (partner != std::string_view::npos && partner + closing.size() < text.size()) continue;
      if (partner != std::string_view::npos) text.remove_suffix(closing.size());
      text.remove_prefix(opening.size());
      return true;
    }
    const auto body = text.substr(0, text.size() - std::min(closing.size(), text.size()));
    if (text.ends_with(closing) && body.find(opening) == std::string_view::npos) {
      text = body;
      return true;
    }
  }
  return false;
}

std::string_view without_trailing(std::string_view text, std::string_view characters) {
  return text.substr(0, text.find_last_not_of(characters) + 1);
}

std::string_view without_marks(std::string_view text) {
  do {
    text = without_trailing(text, " .,;:");
  } while (strip_enclosing(text));
  return trim(text);
}

bool has_something_to_read(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80;
  });
}

std::string shortened(std::string_view title) {
  if (count_code_points(title) <= kMaximumTitleCodePoints) return std::string(title);
  auto kept = prefix_code_points(title, kMaximumTitleCodePoints - 1);
  const auto last_space = kept.rfind(' ');
  // Scripts without spaces, and words as long as a title, are cut inside a word.
  const bool is_inside_word = title[kept.size()] != ' ';
  if (is_inside_word && last_space != std::string_view::npos && last_space > kept.size() / 2) {
    kept = kept.substr(0, last_space);
  }
  return std::string(without_trailing(kept, " .,;:-")).append(kEllipsis);
}

}  // namespace

std::string session_title(std::string_view message) {
  while (!message.empty()) {
    const auto flat = flatten(take_paragraph(message));
    const auto title = without_marks(first_sentence(without_line_marks(flat)));
    if (has_something_to_read(title)) return shortened(title);
  }
  return std::string(kDefaultTitle);
}

}  // namespace fabula::text
