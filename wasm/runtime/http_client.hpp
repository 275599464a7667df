// HTTP requests to other services.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/operation.hpp"

namespace fabula::runtime {

// The answer to a request: its head, and a body to read. Closing (or destroying) it discards the
// unread rest and closes the connection. Move-only; must not outlive its context.
class HttpAnswer {
 public:
  HttpAnswer(Context& context, std::uint32_t stream, std::uint32_t status)
      : context_(&context), stream_(stream), status_(status) {}
  HttpAnswer(HttpAnswer&& other) noexcept;
  HttpAnswer& operator=(HttpAnswer&&) = delete;
  ~HttpAnswer() { close(); }

  std::uint32_t status() const { return status_; }
  std::uint32_t stream() const { return stream_; }
  // The head as `STATUS\nname: value\n...`, for shared/http/head.hpp.
  std::string head() const;
  void close();

 private:
  Context* context_;
  std::uint32_t stream_;
  std::uint32_t status_;
};

// Sends a request whose head is `METHOD URL\nname: value\n...`; ready when the answer's head has
// arrived. Destroying it earlier aborts the request. Redirects are not followed.
class HttpRequest : public Operation {
 public:
  HttpRequest(Context& context, std::string_view head, std::string_view body);
  ~HttpRequest();

  // The answer, once is_ready() with an ok outcome; only once.
  HttpAnswer take_answer();

 private:
  bool is_taken_ = false;
};

}  // namespace fabula::runtime
