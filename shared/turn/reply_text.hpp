// The part of a reply that is not yet known to be saved. The rest is in the database, so a long
// reply does not fill the instance's memory. Offsets count UTF-8 bytes of the reply's text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fabula::turn {

class ReplyText {
 public:
  // `saved_bytes`: bytes in the database already, when a reply is continued.
  explicit ReplyText(std::uint64_t saved_bytes = 0) : saved_bytes_(saved_bytes) {}

  void append(std::string_view text) { unsaved_.append(text); }

  // The whole reply's length.
  std::uint64_t size_bytes() const { return saved_bytes_ + unsaved_.size(); }

  // The offset of the unsaved part, from which a save sends `unsaved()`.
  std::uint64_t saved_bytes() const { return saved_bytes_; }
  std::string_view unsaved() const { return unsaved_; }

  // Notes that the database has the reply up to `offset_bytes`. Offsets outside the unsaved part
  // are ignored: they come from late answers.
  void mark_saved(std::uint64_t offset_bytes) {
    if (offset_bytes <= saved_bytes_ || offset_bytes > size_bytes()) return;
    unsaved_.erase(0, static_cast<std::size_t>(offset_bytes - saved_bytes_));
    saved_bytes_ = offset_bytes;
  }

 private:
  std::string unsaved_;
  std::uint64_t saved_bytes_;
};

}  // namespace fabula::turn
