// The frames of chat's own protocol (server-sent events): `id:` and one line of JSON as `data:`.
//
// The id counts the UTF-8 bytes of the reply's text up to and including its frame, so a client that
// comes back with its last id gets exactly the text that it lacks. The frames after the text carry
// the final count as well: a client that lost the connection between them gets no text twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "shared/turn/dossier_view.hpp"

namespace fabula::chat {

// All ids are UUIDs. What is not known yet is empty and then left out.
struct Metadata {
  std::string_view session_id;
  std::string_view project_id;
  std::string_view user_id;
  std::string_view message_id;
  std::string_view user_message_id;
  std::string_view stream_id;
  std::string_view model;
  std::string_view provider;
  std::optional<std::int64_t> input_tokens;  // null in the frame when the provider told none
  std::optional<std::int64_t> output_tokens;
  std::string_view title;        // only when it is new
  std::string_view guest_token;  // only in a guest's first answer
  std::optional<turn::DossierView> dossier;
};

// Appends frames to a buffer and keeps count.
class Events {
 public:
  // `offset_bytes`: how much of the reply's text the client has already (a resumed stream).
  explicit Events(std::uint64_t offset_bytes = 0) : offset_bytes_(offset_bytes) {}

  // The next part of the reply: valid UTF-8, whole characters. No frame for an empty one.
  void append_text(std::string& out, std::string_view text);
  void append_metadata(std::string& out, const Metadata& metadata) const;
  void append_done(std::string& out) const;
  // {code, message, retryable}; the message is the problem's detail.
  void append_error(std::string& out, const Problem& problem) const;
  // A comment: it keeps a silent connection open and no client shows it.
  static void append_keep_alive(std::string& out);

  std::uint64_t offset_bytes() const { return offset_bytes_; }

 private:
  std::uint64_t offset_bytes_;
};

}  // namespace fabula::chat
