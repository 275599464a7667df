// The frames of our own protocol (server-sent events): `id:` and one line of JSON as `data:`.
//
// The id counts the UTF-8 bytes of the reply's text up to and including its frame, so a client that
// reconnects with its last id gets exactly the missing text. The frames after the text carry the
// final count as well: a client that loses the connection between them gets no text twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/turn/framing.hpp"

namespace fabula::protocols::fabula {

class StreamFraming final : public turn::Framing {
 public:
  explicit StreamFraming(const turn::Telling& telling)
      : offset_bytes_(telling.offset_bytes), new_guest_token_(telling.new_guest_token) {}

  void text(std::string& out, std::string_view text) override;
  void reasoning(std::string& out, std::string_view text) override;
  void beat(std::string& out) override;
  void stored(std::string& out, const turn::event::Stored& stored) override;
  void finished(std::string& out, const turn::event::Finished& finished) override;
  // Writes {code, message, retryable} and the members of turn::write_failure_members; the message
  // is the problem's detail.
  void failed(std::string& out, const turn::event::Failed& failed) const override;
  void come_back(std::string& out) override;

 private:
  std::uint64_t offset_bytes_;
  std::string_view new_guest_token_;
};

}  // namespace fabula::protocols::fabula
