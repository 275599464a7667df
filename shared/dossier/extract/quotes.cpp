#include "shared/dossier/extract/quotes.hpp"

#include <algorithm>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/code_points.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::dossier {
namespace {

constexpr char kQuotationMark = '\'';
constexpr char kStop = '.';

bool is_between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// Whether the script has no spaces between words.
bool is_east_asian(char32_t c) {
  return is_between(c, 0x2E80, 0xA4CF) || is_between(c, 0xF900, 0xFAFF) ||
         is_between(c, 0xFF00, 0xFFEF) || is_between(c, 0x20000, 0x3FFFF);
}

bool is_word_character(char c) {
  return text::is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80;
}

// Skips the invisible part of a link at `at`: "[" and "](address)" of "[Mara](address)",
// "[[People/Mara|" and "]]" of "[[People/Mara|Mara]]". Returns the position after it, or `at`.
std::size_t behind_link(std::string_view text, std::size_t at) {
  constexpr std::size_t kMaximumBytes = 500;
  const auto rest = text.substr(at, kMaximumBytes);
  if (rest.front() == ']') {
    if (rest.starts_with("]]")) return at + 2;
    if (!rest.starts_with("](")) return at + 1;
    const auto end = rest.find_first_of(")\n ");
    return end == std::string_view::npos || rest[end] != ')' ? at + 1 : at + end + 1;
  }
  if (rest.front() != '[') return at;
  if (!rest.starts_with("[[")) return at + 1;
  const auto end = rest.find_first_of("|]\n");
  return end == std::string_view::npos || rest[end] != '|' ? at + 2 : at + end + 1;
}

// Folds character by character, so that each keeps its position; the same for text and quote.
// Removes the effects of typography and Markdown: emphasis, links, escapes, the kinds of quotation
// marks, dashes with the spaces around them, the number of stops, and a word's hyphen.
class PlacedFolder {
 public:
  PlacedFolder(std::string& folded, std::vector<std::uint32_t>* begins, std::vector<bool>* breaks)
      : folded_(folded), begins_(begins), breaks_(breaks) {}

  void fold_all(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const auto begin = at;
      const auto c = static_cast<unsigned char>(text[at]);
      if (c <= ' ' || c == 0x7F) {
        has_space_ = true;
        is_line_begin_ = is_line_begin_ || c == '\n' || c == '\r';
        ++at;
        continue;
      }
      if (const auto end = behind_link(text, begin); end > begin) {
        is_break_ = true;
        at = end;
        continue;
      }
      const auto code = text::next_code_point(text, at);
      add(code, text.substr(begin, at - begin), begin);
      is_line_begin_ = false;
    }
  }

 private:
  void add(char32_t code, std::string_view character, std::size_t at) {
    switch (code) {
      case U'*':
      case U'_':
      case U'\\':
        is_break_ = true;
        return;
      case U'>':
      case U'#':
        // The mark begins a quoted line or a heading.
        if (!is_line_begin_ && !is_marked_) break;
        is_marked_ = true;
        is_break_ = true;
        return;
      case U'~':
      case U'\u301C':
      case U'\uFF5E':
        is_break_ = true;
        return;
      case U'\u00AD':
        // At the end of a line it is a hyphen; elsewhere nothing.
        is_behind_dash_ = true;
        return;
      case U'\u2500':  // drawn lines, as dashes of Chinese and Japanese
      case U'\u2501':
      case U'\u2E3A':
      case U'\u2E3B':
        is_break_ = true;
        is_behind_dash_ = true;
        return;
      case U'\u2026':  // an ellipsis
      case U'\u3002':  // 。
      case U'\u22EF':
        return put_mark(kStop, at);
      case U'`':
      case U'\u201A':
      case U'\u301D':
      case U'\u301E':
      case U'\u301F':
      case U'\u275D':
      case U'\u275E':
        return put_mark(kQuotationMark, at);
      case U'\u0153':
      case U'\u0152':
        return put("oe", at);
      case U'\u00E6':
      case U'\u00C6':
        return put("ae", at);
      default:
        break;
    }
    is_marked_ = false;
    // Marks around Chinese titles and speech.
    if (is_between(code, 0x3008, 0x300F)) return put_mark(kQuotationMark, at);
    is_east_asian_ = is_east_asian(code);
    if (code < 0x80) {
      const char lower = text::to_lower(static_cast<char>(code));
      return put_folded({&lower, 1}, at);
    }
    // Fold it between letters, or white space would be stripped at the ends.
    std::string between = "a";
    between.append(character).append("b");
    const std::string whole = fold(between);
    put_folded(std::string_view(whole).substr(1, whole.size() < 2 ? 0 : whole.size() - 2), at);
  }

  void put_folded(std::string_view part, std::size_t at) {
    if (part.empty()) return;
    if (part == " ") {
      has_space_ = true;
    } else if (part == "-") {
      is_break_ = true;
      is_behind_dash_ = true;
    } else if (part == "\"" || part == "'") {
      put_mark(kQuotationMark, at);
    } else if (part.find_first_not_of('.') == std::string_view::npos) {
      put_mark(kStop, at);
    } else {
      put(part, at);
    }
  }

  // Marks that may be repeated, and whose spaces are ignored.
  void put_mark(char mark, std::size_t at) {
    is_break_ = is_break_ || has_space_;
    has_space_ = false;
    is_behind_dash_ = false;
    if (!folded_.empty() && folded_.back() == mark) return;
    append({&mark, 1}, at);
    is_east_asian_last_ = false;
  }

  void put(std::string_view part, std::size_t at) {
    constexpr std::string_view kClosing = ",;:!?)]";
    const bool is_behind_mark =
        folded_.empty() || folded_.back() == kQuotationMark || folded_.back() == kStop;
    const bool is_close = is_behind_mark || is_behind_dash_ || is_east_asian_ ||
                          is_east_asian_last_ ||
                          kClosing.find(part.front()) != std::string_view::npos;
    if (has_space_ && !is_close) append(" ", at);
    is_break_ = is_break_ || has_space_;
    has_space_ = false;
    is_behind_dash_ = false;
    append(part, at);
    is_east_asian_last_ = is_east_asian_;
    is_east_asian_ = false;
  }

  void append(std::string_view part, std::size_t at) {
    folded_.append(part);
    if (begins_) begins_->insert(begins_->end(), part.size(), static_cast<std::uint32_t>(at));
    if (breaks_) {
      breaks_->insert(breaks_->end(), part.size(), false);
      (*breaks_)[breaks_->size() - part.size()] = is_break_;
    }
    is_break_ = false;
  }

  std::string& folded_;
  std::vector<std::uint32_t>* begins_;
  std::vector<bool>* breaks_;
  bool has_space_ = false;
  bool is_behind_dash_ = false;
  bool is_break_ = false;  // something between words was skipped
  bool is_line_begin_ = true;
  bool is_marked_ = false;
  bool is_east_asian_ = false;
  bool is_east_asian_last_ = false;
};

}  // namespace

QuotedText::QuotedText(std::string_view text) : text_(text) {
  PlacedFolder(folded_, &begins_, &breaks_).fold_all(text);
}

std::optional<Found> QuotedText::find(std::string_view quote) const {
  std::string wanted;
  PlacedFolder(wanted, nullptr, nullptr).fold_all(quote);
  if (std::none_of(wanted.begin(), wanted.end(), is_word_character)) return std::nullopt;
  if (const auto found = find_folded(wanted, false)) return found;
  // A quote may end a sentence that continues after a comma in the text, or put it into quotation
  // marks. If a word follows, it is another sentence: "Er kam" in "Er kam nicht".
  constexpr std::string_view kEdges = ".,;:!?'";
  const auto first = wanted.find_first_not_of(kQuotationMark);
  const auto last = wanted.find_last_not_of(kEdges);
  const auto bare = std::string_view(wanted).substr(first, last + 1 - first);
  if (bare.size() == wanted.size() || bare.empty()) return std::nullopt;
  return find_folded(bare, true);
}

std::optional<Found> QuotedText::find_folded(std::string_view wanted, bool is_before_mark) const {
  constexpr std::string_view kMarks = ".,;:!?')]";
  // Whole words first: "an" is more likely the word than a part of "Mandy".
  std::size_t place = std::string::npos;
  for (auto at = folded_.find(wanted); at != std::string::npos; at = folded_.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    const bool is_ended = end == folded_.size() || kMarks.find(folded_[end]) != std::string::npos;
    if (is_before_mark && !is_ended) continue;
    const bool is_whole = !is_within_word(at) && !is_within_word(end);
    if (place == std::string::npos || is_whole) place = at;
    if (is_whole) break;
  }
  if (place == std::string::npos) return std::nullopt;
  const std::size_t last = begins_[place + wanted.size() - 1];
  const auto step = text::utf8_step(text_.data() + last, text_.data() + text_.size());
  return Found{begins_[place], last + step.bytes};
}

// Whether this position of the folded text is inside a word.
bool QuotedText::is_within_word(std::size_t at) const {
  return at > 0 && at < folded_.size() && !breaks_[at] && is_word_character(folded_[at - 1]) &&
         is_word_character(folded_[at]);
}

std::optional<Found> find_quote(std::string_view text, std::string_view quote) {
  return QuotedText(text).find(quote);
}

}  // namespace fabula::dossier
