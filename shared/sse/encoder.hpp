// Writes server-sent events in a form that every reader in use understands: LF only, UTF-8, no
// byte-order mark. A frame is appended whole; the caller may split the buffer between frames.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fabula::sse {

inline constexpr std::string_view kContentType = "text/event-stream";

// Appends one field of a frame. A value cannot contain a line break: `data` becomes one line for
// each of its lines, in any other field the text after the first break is left out.
void append_data(std::string& out, std::string_view data);
void append_id(std::string& out, std::uint64_t id);
void append_id(std::string& out, std::string_view id);
void append_event_type(std::string& out, std::string_view type);
// Ends the frame: the reader then dispatches it.
inline void end_frame(std::string& out) { out.push_back('\n'); }

// Appends a whole frame that no reader shows, to keep a silent connection open.
void append_comment(std::string& out, std::string_view comment);

// Appends a whole frame that tells the client how long to wait before it reconnects.
void append_retry(std::string& out, std::uint32_t retry_ms);

}  // namespace fabula::sse
