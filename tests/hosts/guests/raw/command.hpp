// The guest of the host tests, on the bare imports: its behaviour depends only on the host. The
// path chooses a command, `/raw/<command>?name=number&...`; the tests define the expected results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wasm/abi/imports.hpp"

namespace fabula::raw {

using abi::Completion;
using abi::Status;

// A command's view of its request.
class Request {
 public:
  explicit Request(std::uint32_t handle);

  std::uint32_t handle() const { return handle_; }
  // `echo` in `/raw/echo?capacity=1`.
  std::string_view command() const { return command_; }
  // A number of the query, or `otherwise`.
  std::uint32_t number(std::string_view name, std::uint32_t otherwise) const;
  // A header's value, empty when it was not sent; names in lower case.
  std::string_view header(std::string_view name) const;

 private:
  std::uint32_t handle_;
  std::string head_;
  std::string_view command_;
  std::string_view query_;
};

// One running command. Operation ids are the command's own, and an id is reused as soon as its
// completion was delivered.
class Command {
 public:
  explicit Command(const Request& request) : request_(request) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  virtual void begin() = 0;
  virtual void operation_done(const Completion& completion) = 0;
  virtual void event(abi::Event) {}

 protected:
  const Request& request() const { return request_; }
  std::uint32_t handle() const { return request_.handle(); }

  void http_start(std::uint32_t operation, std::string_view head, std::string_view body = {});
  // `GET` of the URL in the header x-upstream, with `suffix` appended.
  void get_upstream(std::uint32_t operation, std::string_view suffix = {});
  void body_read(std::uint32_t operation, std::uint32_t stream, std::span<char> buffer);
  void sleep(std::uint32_t operation, std::uint32_t duration_ms);
  void cancel(std::uint32_t operation);
  void http_close(std::uint32_t stream);
  void start_response(std::string_view head);
  void write(std::uint32_t operation, std::string_view bytes);
  void end_response();
  void finish();
  void log(std::string_view line);

  // The whole response at once, and the end of the work.
  void answer(std::string_view text, std::string_view status = "200");

 private:
  const Request& request_;
};

// One of each family; null when the name is not of that family.
Command* make_body_command(const Request& request);
Command* make_upstream_command(const Request& request);
Command* make_leaving_command(const Request& request);
Command* make_immediate_command(const Request& request);
Command* make_crypto_command(const Request& request);
Command* make_fault_command(const Request& request);
Command* make_socket_command(const Request& request);

std::string decimal(std::int64_t number);

inline bool is_ok(const Completion& completion) {
  return completion.status == static_cast<std::int32_t>(Status::ok);
}

}  // namespace fabula::raw
