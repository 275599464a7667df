// One request to another server whose answer, of limited size, is read whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/engine/deadlines.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct FetchRequest {
  std::string_view head;  // shared/http/head.hpp
  std::string_view body = {};
  std::size_t limit_bytes = 0;  // limit of the answer's body
  FetchDeadlines deadlines;
  std::string* answer_head = nullptr;  // receives the answer's head; may be nullptr
};

struct Fetched {
  std::uint32_t status = 0;
  std::string body;
};

enum class FetchFault : std::uint8_t {
  unreachable,
  broken,     // connection lost in the middle of the answer
  too_large,  // with a 2xx status; a longer body of another status is left empty
  timeout,    // one of the deadlines has passed
};

// Redirects are not followed: they are returned like any other status. The views in the request
// must outlive the task.
runtime::Task<tl::expected<Fetched, FetchFault>> fetch(runtime::Context& context,
                                                       FetchRequest request);

}  // namespace fabula::engine
