// Reads server-sent events from pieces cut anywhere, by the HTML Standard's "event stream
// interpretation". Invalid UTF-8 becomes U+FFFD; a block without a blank line after it is never an
// event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fabula::sse {

// Far above the longest lines that model providers were seen to send (48 KB).
inline constexpr std::size_t kMaximumEventBytes = std::size_t{1} << 20;

struct Event {
  std::string_view type;  // "message" unless the stream named another
  std::string_view data;
  std::string_view last_event_id;
};

// Usage:
//   decoder.feed(piece);
//   Event event;
//   while (decoder.next(event)) { ... }
class Decoder {
 public:
  explicit Decoder(std::size_t maximum_event_bytes = kMaximumEventBytes)
      : maximum_event_bytes_(maximum_event_bytes) {}

  // Takes the next piece, which must stay unchanged until next() has returned false.
  void feed(std::string_view piece);

  // The next event of the piece; its views are valid until the next call of next() or feed().
  bool next(Event& event);

  // A line or an event's data was longer than allowed: no further event is returned.
  bool is_too_large() const { return is_too_large_; }

  // The last value of the field `retry`.
  std::optional<std::uint32_t> retry_ms() const { return retry_ms_; }

  // Lines that the standard ignores (neither comments nor known fields), including such a last
  // unfinished line, joined by LF; at most the first 4 KiB. Model providers write errors there.
  std::string ignored_text() const;

 private:
  struct Line {
    std::string_view text;
    bool is_in_piece = true;  // else it is partial_line_
  };

  void skip_byte_order_mark();
  bool take_line(Line& line);
  void read_line(const Line& line);
  void add_data(std::string_view value, bool is_in_piece);
  void keep_data();
  bool dispatch(Event& event);
  void clear_block();
  void stop_too_large();

  std::size_t maximum_event_bytes_;
  std::string_view piece_;      // the unread part
  std::string partial_line_;    // a line that began in an earlier piece
  std::string data_;            // `data` lines joined by LF
  std::string_view data_view_;  // replaces data_ while the only line is in the piece
  std::string type_;
  std::string last_event_id_;
  std::string ignored_text_;
  std::optional<std::uint32_t> retry_ms_;
  // How many of the stream's first bytes belong to the mark.
  std::size_t byte_order_mark_bytes_ = 0;
  bool is_at_start_ = true;
  bool line_feed_is_skipped_ = false;  // the previous line ended with CR
  bool has_data_ = false;
  bool data_is_view_ = false;
  bool event_is_handed_out_ = false;
  bool is_too_large_ = false;
};

}  // namespace fabula::sse
