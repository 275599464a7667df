#include "shared/story/export/inline_marks.hpp"

#include <algorithm>
#include <cstddef>

#include "shared/story/export/code_point.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::story {
namespace {

// A text, or a run of one mark of which `left` characters have no partner yet.
struct Piece {
  std::string text;
  char mark = 0;  // 0: a text
  std::size_t left = 0;
  bool can_open = false;
  bool can_close = false;
  // The change in the number of open emphases and strong parts at this piece.
  int emphasis_change = 0;
  int strong_change = 0;
};

constexpr std::size_t kLongestRun = 3;

bool is_escapable(char c) {
  return std::string_view("\\*_#>`~-").find(c) != std::string_view::npos;
}

bool is_ascii_word(std::uint32_t c) {
  return c < 0x80 && text::is_alphanumeric(static_cast<char>(c));
}

// Examines only the neighbours: languages without spaces have marks between letters.
void read_sides(Piece& run, std::string_view paragraph, std::size_t begin, std::size_t end) {
  const auto before = begin == 0 ? U'\n' : code_point_before(paragraph, begin);
  const auto after = end == paragraph.size() ? U'\n' : code_point_at(paragraph, end);
  run.can_open = !is_white_space(after);
  run.can_close = !is_white_space(before);
  const bool is_inside_word = is_ascii_word(before) && is_ascii_word(after);
  const bool is_too_long = end - begin > kLongestRun;
  // "f*ck", "snake_case" and "****" contain no marks.
  if (is_inside_word || is_too_long) run.can_open = run.can_close = false;
  if (run.mark == '_') {
    if (is_ascii_word(before)) run.can_open = false;
    if (is_ascii_word(after)) run.can_close = false;
  }
}

std::vector<Piece> split(std::string_view paragraph) {
  std::vector<Piece> pieces;
  const auto text_piece = [&]() -> std::string& {
    if (pieces.empty() || pieces.back().mark != 0) pieces.emplace_back();
    return pieces.back().text;
  };
  for (std::size_t at = 0; at < paragraph.size();) {
    const char c = paragraph[at];
    if (c == '\\' && at + 1 < paragraph.size() && is_escapable(paragraph[at + 1])) {
      text_piece().push_back(paragraph[at + 1]);
      at += 2;
    } else if (c == '*' || c == '_') {
      const auto end = std::min(paragraph.find_first_not_of(c, at), paragraph.size());
      Piece run;
      run.mark = c;
      run.left = end - at;
      read_sides(run, paragraph, at, end);
      pieces.push_back(run);
      at = end;
    } else {
      text_piece().push_back(c);
      ++at;
    }
  }
  return pieces;
}

class Pairing {
 public:
  explicit Pairing(std::vector<Piece>& pieces) : pieces_(pieces) {}

  void pair_all() {
    for (std::size_t index = 0; index < pieces_.size(); ++index) {
      Piece& run = pieces_[index];
      if (run.mark == 0) continue;
      auto& openers = openers_of(run.mark);
      while (run.can_close && run.left > 0 && !openers.empty()) close(openers, index);
      if (run.can_open && run.left > 0) openers.push_back(index);
    }
  }

 private:
  std::vector<std::size_t>& openers_of(char mark) { return mark == '*' ? stars_ : lines_; }

  void close(std::vector<std::size_t>& openers, std::size_t closer_index) {
    const auto opener_index = openers.back();
    Piece& opener = pieces_[opener_index];
    Piece& closer = pieces_[closer_index];
    const bool is_strong = opener.left >= 2 && closer.left >= 2;
    const std::size_t used = is_strong ? 2 : 1;
    opener.left -= used;
    closer.left -= used;
    (is_strong ? opener.strong_change : opener.emphasis_change) += 1;
    (is_strong ? closer.strong_change : closer.emphasis_change) -= 1;
    if (opener.left == 0) openers.pop_back();
    // Marks of the other kind that were opened between the two lose their partner.
    auto& others = openers_of(closer.mark == '*' ? '_' : '*');
    while (!others.empty() && others.back() > opener_index) others.pop_back();
  }

  std::vector<Piece>& pieces_;
  std::vector<std::size_t> stars_;
  std::vector<std::size_t> lines_;
};

void append_span(Spans& spans, std::string_view text, bool is_emphasised, bool is_strong) {
  if (text.empty()) return;
  if (!spans.empty() && spans.back().is_emphasised == is_emphasised &&
      spans.back().is_strong == is_strong) {
    spans.back().text.append(text);
  } else {
    spans.push_back({std::string(text), is_emphasised, is_strong});
  }
}

}  // namespace

Spans read_inline_marks(std::string_view paragraph) {
  auto pieces = split(paragraph);
  Pairing(pieces).pair_all();
  Spans spans;
  int emphases = 0;
  int strongs = 0;
  for (const auto& piece : pieces) {
    if (piece.mark == 0) {
      append_span(spans, piece.text, emphases > 0, strongs > 0);
      continue;
    }
    const std::string rest(piece.left, piece.mark);
    const bool is_opener = piece.emphasis_change + piece.strong_change > 0;
    if (is_opener) append_span(spans, rest, emphases > 0, strongs > 0);
    emphases += piece.emphasis_change;
    strongs += piece.strong_change;
    if (!is_opener) append_span(spans, rest, emphases > 0, strongs > 0);
  }
  return spans;
}

std::string plain(const Spans& spans) {
  std::string text;
  for (const auto& span : spans) text.append(span.text);
  return text;
}

}  // namespace fabula::story
