#include "tests/hosts/guests/raw/command.hpp"

#include <array>
#include <charconv>

namespace fabula::raw {
namespace {

std::uint32_t size(std::string_view text) { return static_cast<std::uint32_t>(text.size()); }

// The text between `before` and `after` in `text`; empty when `before` is missing.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const auto found = text.find(before);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + before.size());
  return text.substr(0, text.find_first_of(after));
}

}  // namespace

Request::Request(std::uint32_t handle) : handle_(handle) {
  const auto length = fabula_import_request_head(handle, nullptr, 0);
  head_.resize(length);
  fabula_import_request_head(handle, head_.data(), length);
  command_ = between(head_, "/raw/", "?\n");
  query_ = between(std::string_view(head_).substr(0, head_.find('\n')), "?", "\n");
}

std::uint32_t Request::number(std::string_view name, std::uint32_t otherwise) const {
  const auto value = between(query_, std::string(name) + "=", "&");
  std::from_chars(value.data(), value.data() + value.size(), otherwise);
  return otherwise;
}

std::string_view Request::header(std::string_view name) const {
  return between(head_, "\n" + std::string(name) + ": ", "\n");
}

void Command::http_start(std::uint32_t operation, std::string_view head, std::string_view body) {
  fabula_import_http_start(handle(), operation, head.data(), size(head), body.data(), size(body));
}

void Command::get_upstream(std::uint32_t operation, std::string_view suffix) {
  std::string head("GET ");
  head.append(request().header("x-upstream")).append(suffix).append("\naccept: */*\n");
  http_start(operation, head);
}

void Command::body_read(std::uint32_t operation, std::uint32_t stream, std::span<char> buffer) {
  fabula_import_body_read(handle(), operation, stream, buffer.data(),
                          static_cast<std::uint32_t>(buffer.size()));
}

void Command::sleep(std::uint32_t operation, std::uint32_t duration_ms) {
  fabula_import_sleep(handle(), operation, duration_ms);
}

void Command::cancel(std::uint32_t operation) { fabula_import_cancel(handle(), operation); }

void Command::http_close(std::uint32_t stream) { fabula_import_http_close(handle(), stream); }

void Command::start_response(std::string_view head) {
  fabula_import_response_start(handle(), head.data(), size(head));
}

void Command::write(std::uint32_t operation, std::string_view bytes) {
  fabula_import_response_write(handle(), operation, bytes.data(), size(bytes));
}

void Command::end_response() { fabula_import_response_end(handle()); }

void Command::finish() { fabula_import_finish(handle()); }

void Command::log(std::string_view line) {
  const auto level = static_cast<std::uint32_t>(abi::LogLevel::info);
  fabula_import_log(handle(), level, line.data(), size(line));
}

void Command::answer(std::string_view text, std::string_view status) {
  constexpr std::uint32_t kLastWrite = 1000;
  start_response(std::string(status) + "\ncontent-type: text/plain\n");
  write(kLastWrite, text);
  end_response();
  finish();
}

std::string decimal(std::int64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return std::string(digits.data(), end);
}

}  // namespace fabula::raw
