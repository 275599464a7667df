// Server-sent events, written so that every reader in use understands them: LF only, UTF-8, no
// byte-order mark. A frame is appended whole; whoever writes the buffer out may cut between frames.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fabula::sse {

inline constexpr std::string_view kContentType = "text/event-stream";

// One field of a frame. A line break inside a value cannot be written: `data` gets one line for
// each line of it, in any other field what follows the first break is left out.
void append_data(std::string& out, std::string_view data);
void append_id(std::string& out, std::uint64_t id);
void append_id(std::string& out, std::string_view id);
void append_event_type(std::string& out, std::string_view type);
// Ends the frame: the reader dispatches it.
inline void end_frame(std::string& out) { out.push_back('\n'); }

// A whole frame that no reader shows: keeps a silent connection open.
void append_comment(std::string& out, std::string_view comment);

// A whole frame that tells the client how long to wait before it connects again.
void append_retry(std::string& out, std::uint32_t retry_ms);

}  // namespace fabula::sse
