// One request to another server, whose answer is read whole, within bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct FetchRequest {
  std::string_view head;  // shared/http/head.hpp
  std::string_view body = {};
  std::size_t limit_bytes = 0;  // of the answer's body
  std::uint32_t timeout_ms = 0;
  std::string* answer_head = nullptr;  // where the answer's head is put, if anywhere
};

struct Fetched {
  std::uint32_t status = 0;
  std::string body;
};

enum class FetchFault : std::uint8_t {
  unreachable,
  broken,     // off, in the middle of the answer
  too_large,  // and the status is 2xx; the body of a longer refusal is left empty
  timeout,
};

// Redirects are not followed: they are a status like any other. All that the request names must
// outlive the task.
runtime::Task<tl::expected<Fetched, FetchFault>> fetch(runtime::Context& context,
                                                       FetchRequest request);

}  // namespace fabula::engine
