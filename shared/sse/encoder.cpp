#include "shared/sse/encoder.hpp"

#include "shared/json/text.hpp"

namespace fabula::sse {
namespace {

constexpr std::string_view kLineBreaks = "\r\n";

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find_first_of(kLineBreaks));
}

}  // namespace

void append_data(std::string& out, std::string_view data) {
  while (true) {
    const std::string_view line = first_line(data);
    out.append("data: ").append(line).push_back('\n');
    if (line.size() == data.size()) return;
    const bool is_crlf = data.substr(line.size(), 2) == "\r\n";
    data.remove_prefix(line.size() + (is_crlf ? 2 : 1));
  }
}

void append_id(std::string& out, std::uint64_t id) {
  out.append("id: ");
  json::append_integer(out, static_cast<std::int64_t>(id));
  out.push_back('\n');
}

void append_id(std::string& out, std::string_view id) {
  out.append("id: ").append(first_line(id)).push_back('\n');
}

void append_event_type(std::string& out, std::string_view type) {
  out.append("event: ").append(first_line(type)).push_back('\n');
}

void append_comment(std::string& out, std::string_view comment) {
  out.append(": ").append(first_line(comment)).append("\n\n");
}

void append_retry(std::string& out, std::uint32_t retry_ms) {
  out.append("retry: ");
  json::append_integer(out, retry_ms);
  out.append("\n\n");
}

}  // namespace fabula::sse
