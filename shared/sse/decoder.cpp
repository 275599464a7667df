#include "shared/sse/decoder.hpp"

#include <algorithm>
#include <limits>

#include "shared/text/utf8.hpp"
#include "shared/text/utf8_repair.hpp"
#include "shared/text/word_scan.hpp"

namespace fabula::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaximumIgnoredBytes = 4096;

const char* find_line_end(const char* at, const char* end) {
  for (; end - at >= 8; at += 8) {
    const std::uint64_t word = text::load_eight(at);
    const std::uint64_t marks = text::marks_equal(word, '\n') | text::marks_equal(word, '\r');
    if (marks != 0) return at + text::first_mark(marks);
  }
  while (at < end && *at != '\n' && *at != '\r') ++at;
  return at;
}

struct Field {
  std::string_view name;
  std::string_view value;
};

Field split_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {line, {}};
  std::string_view value = line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

// Whether an unfinished line is, or may still become, a comment or one of the known fields.
bool may_be_known(std::string_view unfinished_line) {
  const auto name = split_field(unfinished_line).name;
  const bool has_whole_name = name.size() < unfinished_line.size();
  if (name.empty()) return true;
  for (const std::string_view known : {"data", "event", "id", "retry"}) {
    if (has_whole_name ? known == name : known.substr(0, name.size()) == name) return true;
  }
  return false;
}

void append_up_to(std::string& out, std::string_view text, std::size_t maximum_bytes) {
  out.append(text.substr(0, maximum_bytes - std::min(maximum_bytes, out.size())));
}

void append_ignored(std::string& out, std::string_view line) {
  if (!out.empty()) append_up_to(out, "\n", kMaximumIgnoredBytes);
  append_up_to(out, line, kMaximumIgnoredBytes);
}

// Nothing unless all are ASCII digits; the highest number for one that does not fit.
std::optional<std::uint32_t> parse_retry_ms(std::string_view value) {
  if (value.empty()) return std::nullopt;
  constexpr std::uint64_t kMaximum = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t number = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return std::nullopt;
    number = std::min(kMaximum, number * 10 + static_cast<std::uint64_t>(c - '0'));
  }
  return static_cast<std::uint32_t>(number);
}

}  // namespace

void Decoder::feed(std::string_view piece) { piece_ = is_too_large_ ? std::string_view() : piece; }

bool Decoder::next(Event& event) {
  if (event_is_handed_out_) {
    clear_block();
    event_is_handed_out_ = false;
  }
  if (is_at_start_) skip_byte_order_mark();
  Line line;
  while (take_line(line)) {
    if (line.text.empty()) {
      if (dispatch(event)) return true;
    } else {
      read_line(line);
    }
    if (!line.is_in_piece) partial_line_.clear();
  }
  keep_data();
  return false;
}

// Skips one U+FEFF at the very start, even if its three bytes arrive separately.
void Decoder::skip_byte_order_mark() {
  while (!piece_.empty() && piece_.front() == kByteOrderMark[byte_order_mark_bytes_]) {
    piece_.remove_prefix(1);
    if (++byte_order_mark_bytes_ == kByteOrderMark.size()) {
      is_at_start_ = false;
      return;
    }
  }
  if (piece_.empty()) return;
  partial_line_ = kByteOrderMark.substr(0, byte_order_mark_bytes_);
  is_at_start_ = false;
}

bool Decoder::take_line(Line& line) {
  if (line_feed_is_skipped_ && !piece_.empty()) {
    if (piece_.front() == '\n') piece_.remove_prefix(1);
    line_feed_is_skipped_ = false;
  }
  const char* const begin = piece_.data();
  const char* const piece_end = begin + piece_.size();
  const char* const end = find_line_end(begin, piece_end);
  const auto bytes = static_cast<std::size_t>(end - begin);
  if (partial_line_.size() + bytes > maximum_event_bytes_) {
    stop_too_large();
    return false;
  }
  line.is_in_piece = partial_line_.empty();
  if (end == piece_end || !line.is_in_piece) partial_line_.append(begin, bytes);
  if (end == piece_end) {
    piece_ = {};
    return false;
  }
  line.text = line.is_in_piece ? piece_.substr(0, bytes) : std::string_view(partial_line_);
  piece_.remove_prefix(bytes + 1);
  line_feed_is_skipped_ = *end == '\r';
  return true;
}

void Decoder::read_line(const Line& line) {
  const auto [name, value] = split_field(line.text);
  if (name == "data") {
    add_data(value, line.is_in_piece);
  } else if (name == "event") {
    type_.clear();
    text::append_repaired(type_, value);
  } else if (name == "id") {
    if (value.find('\0') != std::string_view::npos) return;
    last_event_id_.clear();
    text::append_repaired(last_event_id_, value);
  } else if (name == "retry") {
    if (const auto retry_ms = parse_retry_ms(value)) retry_ms_ = retry_ms;
  } else if (!name.empty()) {
    append_ignored(ignored_text_, line.text);
  }
}

// A block nearly always has one `data` line, which is nearly always whole in the piece: then the
// event is a view of the piece.
void Decoder::add_data(std::string_view value, bool is_in_piece) {
  if (!has_data_ && is_in_piece && text::is_valid_utf8(value)) {
    data_view_ = value;
    data_is_view_ = true;
    has_data_ = true;
    return;
  }
  keep_data();
  if (has_data_) data_.push_back('\n');
  has_data_ = true;
  text::append_repaired(data_, value);
  if (data_.size() > maximum_event_bytes_) stop_too_large();
}

void Decoder::keep_data() {
  if (!data_is_view_) return;
  data_.assign(data_view_);
  data_is_view_ = false;
}

bool Decoder::dispatch(Event& event) {
  if (!has_data_) {
    type_.clear();
    return false;
  }
  event.type = type_.empty() ? std::string_view("message") : std::string_view(type_);
  event.data = data_is_view_ ? data_view_ : std::string_view(data_);
  event.last_event_id = last_event_id_;
  event_is_handed_out_ = true;
  return true;
}

void Decoder::clear_block() {
  data_.clear();
  data_is_view_ = false;
  has_data_ = false;
  type_.clear();
}

void Decoder::stop_too_large() {
  is_too_large_ = true;
  piece_ = {};
  partial_line_.clear();
  clear_block();
}

std::string Decoder::ignored_text() const {
  std::string text = ignored_text_;
  if (!may_be_known(partial_line_)) append_ignored(text, partial_line_);
  return text;
}

}  // namespace fabula::sse
